import type { Breach, ObjectiveEvent } from '../core/judgement.ts';
import { objectives } from '../core/objective.ts';
import { formatQuantity } from '../core/quantity.ts';
import type { SubjectState } from './subject-state.ts';

/** An event about a subject as it is now. */
export function createEvent(
  kind: ObjectiveEvent['kind'],
  state: SubjectState,
  at: number,
  text: string,
  breach: Breach | undefined = state.open?.breach,
): ObjectiveEvent {
  const { reason, value } = state.latest;
  return {
    kind,
    at,
    target: state.target,
    objective: state.objective,
    subject: state.subject,
    engine: state.engine,
    state: state.state,
    reason,
    value,
    breach,
    text,
  };
}

/** `index_hit_ratio of orders (app)`: where something is, in words. */
export function place({ objective, target, subject }: SubjectState): string {
  return subject === '' ? `${objective} of ${target}` : `${objective} of ${target} (${subject})`;
}

/** `93 %, must be at least 95 %` */
export function measured(state: SubjectState): string {
  const { value, reason, detail, bound } = state.latest;
  const { unit } = objectives[state.objective];
  const because = reason === undefined ? '' : `unknown: ${reason}${detail === '' ? '' : ` (${detail})`}`;
  const ends = [
    bound.min === undefined ? [] : [`at least ${formatQuantity(bound.min, unit)}`],
    bound.max === undefined ? [] : [`at most ${formatQuantity(bound.max, unit)}`],
  ].flat();
  return [
    value === undefined ? because : formatQuantity(value, unit),
    ...(value !== undefined && reason !== undefined ? [because] : []),
    ...(ends.length === 0 ? [] : [`must be ${ends.join(' and ')}`]),
  ].join(', ');
}

/** `since 2026-01-01T00:00:00Z (5m)` */
export function lasting(since: number, durationMs: number): string {
  const begin = formatQuantity(since / 1_000, 'timestamp');
  return `since ${begin} (${formatQuantity(durationMs / 1_000, 'seconds')})`;
}
