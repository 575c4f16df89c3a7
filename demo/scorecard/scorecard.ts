import { objectives } from '../../src/core/objective.ts';
import type { Cast } from '../cast.ts';
import { type Scrape, seriesOf, valueOf } from '../exposition.ts';
import type { Failures } from '../failures.ts';
import type { Progress } from '../stories/story.ts';
import { bounds, measured, whole } from './format.ts';
import { column, fit, type Line, span } from './lines.ts';
import { type Row, sinceStart } from './row.ts';
import { rows } from './rows.ts';

const scorecardWidth = 100;
const widths = { label: 31, value: 9, bound: 9, gap: 1 } as const;
const findingsWidth = scorecardWidth - 2 - widths.label;
const basisWidth = scorecardWidth - 2 - widths.label - widths.value - widths.bound - widths.gap;

/** What is measured, by engine and target. */
export function renderScorecard(
  scrape: Scrape,
  failures: Pick<Failures, 'of'>,
  casts: readonly Cast[],
  onlyObjectives = false,
): readonly Line[] {
  const head = [
    column('', 2),
    column('', widths.label),
    column('value', widths.value, 'faint'),
    column('bound', widths.bound, 'faint'),
    column('', widths.gap),
    span('what it rests on', 'faint'),
  ];
  return [
    head,
    ...casts.flatMap(({ title, double, targets }) => [
      renderCast(title, double),
      ...targets.flatMap((target) => [
        renderTarget(scrape, target, double !== undefined),
        ...rows
          .filter((row) => row.target === target && (!onlyObjectives || row.objective !== undefined))
          .map((row) => renderRow(scrape, failures, row)),
        ...(onlyObjectives ? [] : renderFindings(scrape, target)),
      ]),
    ]),
  ];
}

/** The engine; of a double, what it is and what it is not. */
function renderCast(title: string, double: string | undefined): Line {
  return double === undefined
    ? [span(title, 'title')]
    : [span(title, 'title'), span(fit(` · ${double}`, scorecardWidth - title.length), 'double')];
}

function renderTarget(scrape: Scrape, target: string, isDouble: boolean): Line {
  const info = seriesOf(scrape, 'reeve_target_info', { target })[0]?.labels;
  const age = valueOf(scrape, 'reeve_snapshot_age_seconds', { target });
  const isUp = valueOf(scrape, 'reeve_target_up', { target }) === 1;
  const facts = [
    isUp ? 'up' : 'not reachable',
    ...(info === undefined
      ? []
      : [`${info['engine'] ?? ''} ${info['version'] ?? ''}`.trim(), info['role'] ?? '']),
    ...(age === undefined ? [] : [`read ${age.toFixed(1)} s ago`]),
  ].filter((fact) => fact !== '');
  const text = facts.join(' · ');
  return [
    column(target, widths.label + 2, 'heading'),
    ...(isDouble ? [span(badge, 'double')] : []),
    span(
      fit(text, scorecardWidth - widths.label - 2 - (isDouble ? badge.length : 0)),
      isUp ? 'faint' : 'unknown',
    ),
  ];
}

/** Beside every target that is not what it seems to be. */
const badge = 'DOUBLE · ';

const severities = ['critical', 'warning', 'info'] as const;

/** What the agent advises to mend, by its codes, the worst first; no line where there is nothing. */
function renderFindings(scrape: Scrape, target: string): readonly Line[] {
  const texts = severities.flatMap((severity) =>
    seriesOf(scrape, 'reeve_findings', { target, severity }).map(({ labels }) => labels['code'] ?? ''),
  );
  if (texts.length === 0) return [];
  return [[column('', 2), column('findings', widths.label, 'faint'), span(listed(texts, findingsWidth))]];
}

/** As many as fit, and how many more there are. */
function listed(texts: readonly string[], width: number): string {
  for (let shown = texts.length; shown > 0; shown -= 1) {
    const more = texts.length - shown;
    const text = `${texts.slice(0, shown).join(', ')}${more === 0 ? '' : ` and ${more} more`}`;
    if (text.length <= width) return text;
  }
  return String(texts.length);
}

function renderRow(scrape: Scrape, failures: Pick<Failures, 'of'>, row: Row): Line {
  const objective = row.objective === undefined ? undefined : objectives[row.objective];
  const bound = objective === undefined ? '' : bounds(objective.bound, row.unit);
  const value = valueOf(scrape, row.metric, { target: row.target, ...row.where }, row.how);
  const reason = whyUnknown(scrape, failures, row, value, objective?.minimumBasis);
  const label = column(
    row.objective ?? row.label ?? '',
    widths.label,
    objective === undefined ? 'faint' : 'plain',
  );
  const basis = reason ?? row.basis(scrape);
  return [
    column('', 2),
    label,
    reason === undefined && value !== undefined
      ? column(measured(value, row.unit), widths.value, 'value')
      : column('unknown', widths.value, 'unknown'),
    column(bound, widths.bound),
    column('', widths.gap),
    span(fit(basis, basisWidth), 'faint'),
  ];
}

/** Undefined when the value is known. */
function whyUnknown(
  scrape: Scrape,
  failures: Pick<Failures, 'of'>,
  row: Row,
  value: number | undefined,
  minimumBasis: number | undefined,
): string | undefined {
  const { target, group } = row;
  if (valueOf(scrape, 'reeve_target_up', { target }) !== 1) return 'the target is not reachable';
  if (value === undefined) {
    const isRead = valueOf(scrape, 'reeve_collect_last_success_timestamp_seconds', { target, group });
    const codes = failures.of(target, group);
    if (codes !== undefined) return `reading ${group} failed: ${codes.join(', ')}`;
    return isRead === undefined ? `${group} was not read yet` : row.absent;
  }
  const observations = row.observations?.(scrape) ?? Number.POSITIVE_INFINITY;
  if (minimumBasis === undefined || observations >= minimumBasis) return undefined;
  return `needs ${whole(minimumBasis)} ${row.observed ?? 'observations'}, ${whole(observations)} ${sinceStart}`;
}

const storyWidths = { id: 15, seenAt: 9, witnessed: 28 } as const;
const titleWidth = scorecardWidth - 2 - storyWidths.id - storyWidths.seenAt - storyWidths.witnessed;

/** One line a story, told by what the agent publishes. */
export function renderStories(progress: readonly Progress[], isOver: boolean): readonly Line[] {
  const head: Line = [
    column('Stories', 2 + storyWidths.id, 'heading'),
    column('seen at', storyWidths.seenAt, 'faint'),
    span('what the agent showed', 'faint'),
  ];
  return [head, ...progress.map((each) => renderStory(each, isOver))];
}

function renderStory({ story, awaited, finishedMs, witnessed }: Progress, isOver: boolean): Line {
  const isDone = finishedMs !== undefined;
  const style = isDone ? 'done' : 'waiting';
  const start = [span(isDone ? '✓ ' : '· ', style), column(story.id, storyWidths.id)];
  if (!isDone)
    return [
      ...start,
      span(`${isOver ? 'not finished; waited' : 'waiting'} for ${awaited?.text ?? ''}`, style),
    ];
  return [
    ...start,
    column(`+${Math.round(finishedMs / 1000)} s`, storyWidths.seenAt, style),
    column(witnessed, storyWidths.witnessed, 'value'),
    span(fit(story.title, titleWidth), 'faint'),
  ];
}
