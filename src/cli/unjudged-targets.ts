import type { UnknownReason } from '../core/judgement.ts';
import { printable } from '../core/printable.ts';
import { formatQuantity } from '../core/quantity.ts';
import { count, cut, lastedText, subjectText, timeText, wrapWords } from './report-text.ts';
import type { ScoredObjective } from './scorecard.ts';
import { alignRows } from './text-table.ts';

/** Reasons that hold for a target and not for one of its objectives: nothing about it can be judged. */
const ofTarget: ReadonlySet<UnknownReason> = new Set(['not_collected', 'unreachable', 'agent_stopped']);

export function isOfTarget(reason: UnknownReason | undefined): reason is UnknownReason {
  return reason !== undefined && ofTarget.has(reason);
}

/** Values that were known last, of one target; more are counted. */
const mostValues = 8;

/**
 * One entry for all that cannot be judged of one target for one such reason and detail: since when all of it, why, the values that were
 * known last, and the objectives without one.
 */
export function unjudgedTarget(
  lines: readonly ScoredObjective[],
  now: number,
  whole: boolean,
): readonly string[] {
  const [first] = lines;
  if (first === undefined) return [];
  const begin = lines.reduce((latest, line) => Math.max(latest, line.since), 0);
  const blind = lines.some((line) => line.blind) ? ', blind' : '';
  // What the reason says already is not said again.
  const detail = first.reason === 'agent_stopped' ? '' : printable(first.detail);
  const since = `since ${timeText(begin)} (${lastedText(now - begin)}${blind})`;
  return [
    cut(
      `  ${first.target}: ${first.reason ?? 'unknown'}; ${count(lines.length, 'objective')} cannot be judged`,
    ),
    cut(`      ${[since, detail].filter((text) => text !== '').join('; ')}`),
    ...lastValues(lines, whole),
    ...wrapWords(namesOf(lines.filter(({ value }) => value === undefined)), '      '),
  ];
}

function lastValues(lines: readonly ScoredObjective[], whole: boolean): readonly string[] {
  const rows = lines.flatMap(({ objective, subject, value, unit }) =>
    value === undefined ? [] : [[objective, subjectText(subject), `was ${formatQuantity(value, unit)}`]],
  );
  const shown = whole || rows.length <= mostValues + 1 ? rows : rows.slice(0, mostValues);
  const more = rows.length - shown.length;
  return [
    ...alignRows(shown).map((row) => cut(`      ${row}`)),
    ...(more === 0 ? [] : [`      and ${more} more`]),
  ];
}

/** Ids of the objectives, with a comma after all but the last; one with several subjects says of how many. */
function namesOf(lines: readonly ScoredObjective[]): readonly string[] {
  const subjects = Map.groupBy(lines, ({ objective }) => objective);
  return [...subjects].map(([objective, group], index) => {
    const name = group.length === 1 ? objective : `${objective} (${group.length} subjects)`;
    return index === subjects.size - 1 ? name : `${name},`;
  });
}
