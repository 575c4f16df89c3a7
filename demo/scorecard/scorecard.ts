import type { Cast } from '../cast.ts';
import { type Scrape, seriesOf, valueOf } from '../exposition.ts';
import type { Failures } from '../failures.ts';
import type { Progress } from '../stories/story.ts';
import { measured } from './format.ts';
import { column, fit, type Line, span } from './lines.ts';
import { type ObjectivesInput, renderObjectives } from './objectives.ts';
import type { Row } from './row.ts';
import { rows } from './rows.ts';
import { scorecardWidth, widths } from './widths.ts';

export interface ScorecardInput extends ObjectivesInput {
  readonly failures: Pick<Failures, 'of'>;
  readonly casts: readonly Cast[];
}

/** What the agent judges, by engine and target, and what it measures beside that. */
export function renderScorecard(input: ScorecardInput, onlyObjectives = false): readonly Line[] {
  const { scrape, failures, casts } = input;
  const head = [
    column('', 2),
    column('', widths.label),
    column('value', widths.value, 'faint'),
    column('bound', widths.bound, 'faint'),
    column('', widths.gap),
    span('as the agent judges it', 'faint'),
  ];
  return [
    head,
    ...casts.flatMap(({ title, double, targets }) => [
      renderCast(title, double),
      ...targets.flatMap((target) => [
        renderTarget(scrape, target, double !== undefined),
        ...renderObjectives(input, target),
        ...(onlyObjectives ? [] : renderRows(scrape, failures, target)),
      ]),
    ]),
  ];
}

function renderRows(scrape: Scrape, failures: Pick<Failures, 'of'>, target: string): readonly Line[] {
  return [
    ...rows.filter((row) => row.target === target).map((row) => renderRow(scrape, failures, row)),
    ...renderFindings(scrape, target),
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
  return [
    [
      column('', 2),
      column('findings', widths.label, 'faint'),
      span(listed(texts, scorecardWidth - 2 - widths.label)),
    ],
  ];
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
  const value = valueOf(scrape, row.metric, { target: row.target, ...row.where }, row.how);
  const text = value === undefined ? whyUnknown(scrape, failures, row) : row.basis(scrape);
  return [
    column('', 2),
    column(row.label, widths.label, 'faint'),
    value === undefined
      ? column('unknown', widths.value, 'unknown')
      : column(measured(value, row.unit), widths.value, 'value'),
    column('', widths.bound + widths.gap),
    span(fit(text, widths.text), 'faint'),
  ];
}

function whyUnknown(scrape: Scrape, failures: Pick<Failures, 'of'>, { target, group, absent }: Row): string {
  if (valueOf(scrape, 'reeve_target_up', { target }) !== 1) return 'the target is not reachable';
  const codes = failures.of(target, group);
  if (codes !== undefined) return `reading ${group} failed: ${codes.join(', ')}`;
  const readAt = valueOf(scrape, 'reeve_collect_last_success_timestamp_seconds', { target, group });
  return readAt === undefined ? `${group} was not read yet` : absent;
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
