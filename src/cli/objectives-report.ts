import type { ObjectiveState, UnknownReason } from '../core/judgement.ts';
import { printable } from '../core/printable.ts';
import { formatQuantity } from '../core/quantity.ts';
import type { CommandLine } from './command-line.ts';
import { type NextStep, nextStepOf } from './next-step.ts';
import { count, cut, lastedText, subjectText, timeText } from './report-text.ts';
import type { Scorecard, ScoredObjective } from './scorecard.ts';
import { alignRows, shorten } from './text-table.ts';
import { isOfTarget, unjudgedTarget } from './unjudged-targets.ts';

export interface ReportOptions {
  /** Everything is shown; otherwise what many lines share is folded. */
  readonly whole: boolean;
  readonly commandOf: CommandLine;
}

/** The scorecard for a person at a terminal of 100 columns, worst first, the summary last. */
export function renderObjectivesReport(card: Scorecard, options: ReportOptions): string {
  const inState = (state: ObjectiveState) => card.objectives.filter((line) => line.state === state);
  const parts = [
    agentNote(card, options),
    breachedPart(inState('breached'), card.at, options),
    unknownPart(inState('unknown'), card.at, options),
    metPart(inState('met'), card.at, options),
    renderSummary(card, options),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function agentNote({ agent, asOf }: Scorecard, { commandOf }: ReportOptions): string {
  if (agent === 'running') return '';
  if (asOf !== undefined)
    return `The agent is not running. This is what it knew last, as of ${timeText(asOf)}.`;
  return `The agent is not running, and there is no history yet. Start it with\n  ${commandOf('run')}`;
}

/** All of the breached are shown, up to this; then a person has another problem. */
const mostBreached = 50;

function breachedPart(
  lines: readonly ScoredObjective[],
  now: number,
  { whole, commandOf }: ReportOptions,
): string {
  if (lines.length === 0) return '';
  const shown = whole ? lines : lines.slice(0, mostBreached);
  const more = lines.length - shown.length;
  return [
    `BREACHED (${lines.length})`,
    ...shown.map((line) => breachedBlock(line, now)),
    ...(more === 0 ? [] : [`  and ${more} more: ${commandOf('objectives --state breached')}`]),
  ].join('\n');
}

function breachedBlock(line: ScoredObjective, now: number): string {
  const { target, objective, subject, breach, next, budget, detail } = line;
  const since = breach?.since ?? line.since;
  const facts = [
    `since ${timeText(since)} (${lastedText(now - since)})`,
    ...(breach?.worst === undefined ? [] : [`worst ${formatQuantity(breach.worst, line.unit)}`]),
    ...(budget.remaining === undefined ? [] : [budgetText(budget.remaining)]),
  ];
  return [
    `  ${breach?.severity ?? 'breach'}  ${target}  ${objective}  ${subjectText(subject)}`.trimEnd(),
    `      ${valueText(line)}${boundText(line) === '' ? '' : `, must be ${boundText(line)}`}`,
    ...(detail === '' ? [] : [`      ${shorten(printable(detail), detailWidth)}`]),
    `      ${facts.join(', ')}`,
    ...(next === undefined ? [] : nextLines(next)),
  ].join('\n');
}

function unknownPart(lines: readonly ScoredObjective[], now: number, options: ReportOptions): string {
  if (lines.length === 0) return '';
  const groups = Map.groupBy(lines, ({ objective, reason }) =>
    isOfTarget(reason) ? reason : `${objective} ${reason ?? ''}`,
  );
  return [
    `UNKNOWN (${lines.length})`,
    ...[...groups.values()].map((group) =>
      (isOfTarget(group[0]?.reason) ? unjudgedGroup : unknownGroup)(group, now, options),
    ),
  ].join('\n');
}

/** Of targets about which nothing can be judged for the same reason: an entry each, and what to do once. */
function unjudgedGroup(
  group: readonly ScoredObjective[],
  now: number,
  { whole, commandOf }: ReportOptions,
): string {
  const [first] = group;
  if (first === undefined) return '';
  // The details differ where only some readings were not collected yet.
  const byTarget = Map.groupBy(group, ({ target, detail }) => JSON.stringify([target, detail]));
  const entries = [...byTarget.values()].map((lines) => unjudgedTarget(lines, now, whole));
  const shown = whole || entries.length <= mostRows + 1 ? entries : entries.slice(0, mostRows);
  const more = entries.length - shown.length;
  const targets = group.map(({ target }) => target);
  return [
    ...shown.flat(),
    ...(more === 0 ? [] : [`  and ${more} more: ${commandOf('objectives --state unknown')}`]),
    ...nextLines(nextStepOf(first, targets, commandOf, { ofAll: true })),
  ].join('\n');
}

export const reasonTexts: Readonly<Record<UnknownReason, string>> = {
  not_collected: 'not collected yet',
  unreachable: 'the target cannot be reached',
  collection_failed: 'reading it failed, or the reading is too old',
  not_reported: 'the server gave no value',
  too_few_samples: 'too few observations',
  too_little_history: 'too little history for a forecast',
  coarse_resolution: 'the reading is coarser than the bound',
  no_bound: 'no bound was given',
  agent_stopped: 'the agent is not running',
};

/** The first violation that was seen, before `for` is over: the value is known, and neither met nor breached. */
const pendingText = 'violated, and not for long enough to be a breach yet';

function unknownGroup(group: readonly ScoredObjective[], now: number, options: ReportOptions): string {
  const [first] = group;
  if (first === undefined) return '';
  const { objective, reason } = first;
  const next = nextStepOf(
    first,
    group.map(({ target }) => target),
    options.commandOf,
  );
  const rows = group.map((line) => [
    line.target,
    subjectText(line.subject),
    line.value === undefined ? '' : formatQuantity(line.value, line.unit),
    `for ${lastedText(line.pendingMs ?? now - line.since)}${line.blind ? ', blind' : ''}`,
    printable(line.detail),
  ]);
  return [
    `  ${objective}: ${reason === undefined ? pendingText : `${reason}, ${reasonTexts[reason]}`}`,
    ...foldedRows(rows, `--state unknown --objective ${objective}`, options),
    ...nextLines(next),
  ].join('\n');
}

function metPart(lines: readonly ScoredObjective[], now: number, options: ReportOptions): string {
  if (lines.length === 0) return '';
  const groups = Map.groupBy(lines, ({ objective }) => objective);
  return [
    `MET (${lines.length})`,
    ...[...groups].flatMap(([objective, group]) => [
      `  ${objective}`,
      ...foldedRows(
        group.toSorted((a, b) => margin(a) - margin(b)).map((line) => metRow(line, now)),
        `--state met --objective ${objective}`,
        options,
      ),
    ]),
  ].join('\n');
}

function metRow(line: ScoredObjective, now: number): readonly string[] {
  const { pendingMs } = line;
  return [
    line.target,
    subjectText(line.subject),
    valueText(line),
    boundText(line),
    pendingMs === undefined
      ? `for ${lastedText(now - line.since)}`
      : `violated for ${lastedText(pendingMs)} so far`,
  ];
}

/** How far a value is from its bound, as a share of the bound; those that are nearest come first. */
function margin({ value, bound: { min, max }, pendingMs }: ScoredObjective): number {
  if (pendingMs !== undefined) return Number.NEGATIVE_INFINITY;
  if (value === undefined) return Number.POSITIVE_INFINITY;
  const ends = [
    ...(min === undefined ? [] : [(value - min) / (Math.abs(min) || 1)]),
    ...(max === undefined ? [] : [(max - value) / (Math.abs(max) || 1)]),
  ];
  return Math.min(...ends);
}

/** A group of more rows than this is folded to as many. */
const mostRows = 8;

function foldedRows(
  rows: readonly (readonly string[])[],
  filter: string,
  { whole, commandOf }: ReportOptions,
): readonly string[] {
  const more = rows.length - mostRows;
  const shown = whole || more <= 1 ? rows : rows.slice(0, mostRows);
  return [
    ...alignRows(shown).map((row) => cut(`      ${row}`)),
    ...(shown.length === rows.length ? [] : [`      and ${more} more: ${commandOf(`objectives ${filter}`)}`]),
  ];
}

function renderSummary({ summary, objectives }: Scorecard, { whole }: ReportOptions): string {
  const { breached, pages, unknown, blind, met, targets, overdrawn, leastBudget } = summary;
  if (objectives.length === 0) return whole ? 'no objective is as asked for' : 'no objectives';
  const states = [
    `${breached} breached${breached === 0 ? '' : ` (${count(pages, 'page')}, ${count(breached - pages, 'ticket')})`}`,
    `${unknown} unknown${blind === 0 ? '' : ` (${blind} for over an hour)`}`,
    `${met} met`,
  ];
  const line = `${count(summary.objectives, 'objective')} on ${count(targets, 'target')}: ${states.join(', ')}`;
  const least = objectives.find(({ budget }) => budget.remaining === leastBudget);
  if (leastBudget === undefined || least === undefined) return line;
  const over = overdrawn === 0 ? 'none overdrawn' : `${overdrawn} overdrawn`;
  return `${line}\nbudgets: ${over}; worst is ${least.objective} of ${least.target}: ${shareText(leastBudget)}`;
}

function nextLines({ hint, command }: NextStep): readonly string[] {
  return [`      next: ${hint}`, `        ${command}`];
}

const detailWidth = 90;
function valueText({ value, unit, reason }: ScoredObjective): string {
  const known = value === undefined ? '' : formatQuantity(value, unit);
  const why = reason === undefined ? '' : `unknown (${reason})`;
  return [known, why].filter((part) => part !== '').join(', ');
}

function boundText({ bound: { min, max }, unit }: ScoredObjective): string {
  return [
    ...(min === undefined ? [] : [`≥ ${formatQuantity(min, unit)}`]),
    ...(max === undefined ? [] : [`≤ ${formatQuantity(max, unit)}`]),
  ].join(' and ');
}

function budgetText(remaining: number): string {
  const share = formatQuantity(Math.abs(remaining), 'ratio');
  return remaining < 0 ? `budget overdrawn by ${share}` : `${share} of the budget left`;
}

function shareText(remaining: number): string {
  const share = formatQuantity(Math.abs(remaining), 'ratio');
  return remaining < 0 ? `-${share}` : `${share} left`;
}
