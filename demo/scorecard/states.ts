import { type ObjectiveState, objectiveStates } from '../../src/core/judgement.ts';
import { type ObjectiveId, objectiveIds, type Severity, severities } from '../../src/core/objective.ts';
import { type Scrape, seriesOf, valueOf, type Where } from '../exposition.ts';

/** An objective on one subject, as the agent's page has it. */
export interface PageState {
  readonly target: string;
  readonly objective: ObjectiveId;
  readonly subject: string;
  readonly state: ObjectiveState;
  readonly value: number | undefined;
  readonly bound: { readonly min?: number; readonly max?: number };
  /** Since when it is breached, Unix time in seconds; undefined while it is not. */
  readonly breachedSince: number | undefined;
  readonly severity: Severity | undefined;
}

/** What the page says of a target, by objective in their order; the subjects of each worst first. */
export function readStates(scrape: Scrape, target: string): readonly (readonly PageState[])[] {
  return objectiveIds
    .map((objective) =>
      objectiveStates
        .flatMap((state) =>
          seriesOf(scrape, 'reeve_objective_state', { target, objective, state })
            .filter(({ value }) => value === 1)
            .map(({ labels }) => readState(scrape, { target, objective, state, ...subjectOf(labels) })),
        )
        .sort((a, b) => rank(b) - rank(a)),
    )
    .filter((subjects) => subjects.length > 0);
}

/** Prometheus leaves out a label that is empty. */
function subjectOf(labels: Where): { readonly subject: string } {
  return { subject: labels['subject'] ?? '' };
}

function readState(
  scrape: Scrape,
  key: Pick<PageState, 'target' | 'objective' | 'subject' | 'state'>,
): PageState {
  const { target, objective, subject } = key;
  const about = { target, objective, subject };
  const min = valueOf(scrape, 'reeve_objective_bound', { ...about, bound: 'min' });
  const max = valueOf(scrape, 'reeve_objective_bound', { ...about, bound: 'max' });
  return {
    ...key,
    value: valueOf(scrape, 'reeve_objective_value', about),
    bound: { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) },
    breachedSince: valueOf(scrape, 'reeve_objective_breached_since_timestamp_seconds', about),
    severity: severities.find(
      (severity) => valueOf(scrape, 'reeve_objective_severity', { ...about, severity }) === 1,
    ),
  };
}

function rank({ state, severity }: PageState): number {
  if (state === 'breached') return severity === 'page' ? 3 : 2;
  return state === 'unknown' ? 1 : 0;
}
