import { reasonTexts } from '../../src/cli/objectives-report.ts';
import type { Judgement } from '../../src/core/judgement.ts';
import type { Unit } from '../../src/core/metric.ts';
import { type ObjectiveId, objectives } from '../../src/core/objective.ts';
import type { Scrape } from '../exposition.ts';
import { bounds, duration, measured, whole } from './format.ts';
import { column, fit, type Line, type Span, type Style, span } from './lines.ts';
import type { RowUnit } from './row.ts';
import { type PageState, readStates } from './states.ts';
import { widths } from './widths.ts';

export interface ObjectivesInput {
  readonly scrape: Scrape;
  /** Why the states of the page are what they are. */
  readonly judgements: readonly Judgement[];
  /** When the demo began, Unix time in milliseconds. */
  readonly startedAt: number;
}

/** One line an objective: state, value and bound as the agent's page has them; of several subjects the worst. */
export function renderObjectives(input: ObjectivesInput, target: string): readonly Line[] {
  const states = readStates(input.scrape, target);
  if (states.length === 0) return [[column('', 2), span('no objective is judged yet', 'unknown')]];
  return states.flatMap((subjects) => {
    const [worst] = subjects;
    return worst === undefined ? [] : [renderObjective(input, worst, subjects.length)];
  });
}

const units: Readonly<Record<Unit, RowUnit>> = {
  seconds: 'seconds',
  bytes: 'bytes',
  ratio: 'ratio',
  usd: 'usd',
  none: 'count',
  timestamp: 'count',
};

function renderObjective(input: ObjectivesInput, worst: PageState, subjects: number): Line {
  const { objective, value, bound } = worst;
  const unit = units[objectives[objective].unit];
  const judgement = input.judgements.find(
    (one) => one.target === worst.target && one.objective === objective && one.subject === worst.subject,
  );
  return [
    column('', 2),
    column(objective, widths.label),
    column(value === undefined ? '' : measured(value, unit), widths.value, 'value'),
    column(bounds(bound, unit), widths.bound),
    column('', widths.gap),
    ...renderVerdict(worst, judgement, aboutSubject(worst, judgement, subjects), input.startedAt),
  ];
}

const styles: Readonly<Record<PageState['state'], Style>> = {
  met: 'done',
  breached: 'breached',
  unknown: 'unknown',
};

function renderVerdict(
  worst: PageState,
  judgement: Judgement | undefined,
  about: string,
  startedAt: number,
): readonly Span[] {
  const { state, breachedSince = 0, severity = '' } = worst;
  const seconds = Math.round(breachedSince - startedAt / 1_000);
  const verdict = state === 'breached' ? `breached since +${seconds} s (${severity})` : state;
  const why = whyOf(worst, judgement);
  const rest = `${why === '' ? '' : `: ${why}`}${about === '' ? '' : `, ${about}`}`;
  return [span(verdict, styles[state]), span(fit(rest, widths.text - verdict.length), 'faint')];
}

/** Empty when there is nothing to explain, or the page is of another moment than the judgement. */
function whyOf({ state }: PageState, judgement: Judgement | undefined): string {
  if (judgement === undefined || judgement.state !== state) return '';
  const { reason, detail, pendingMs } = judgement;
  if (pendingMs !== undefined) return `violated for ${duration(pendingMs / 1_000)} so far`;
  if (reason === undefined) return '';
  return detail === '' || reason === 'no_bound' ? reasonTexts[reason] : detail;
}

/** What the agent counted to come to the value. */
const counted: Readonly<Partial<Record<ObjectiveId, string>>> = {
  oltp_query_seconds: 'calls',
  olap_query_seconds: 'calls',
  index_hit_ratio: 'index blocks',
  cache_hit_ratio: 'lookups',
  request_unit_utilization_ratio: 'minutes',
};

/** What a value rests on, and whose it is. */
function aboutSubject(
  { objective, subject, state }: PageState,
  judgement: Judgement | undefined,
  subjects: number,
): string {
  const noun = counted[objective];
  const { basis } = judgement ?? {};
  const isTold = state === 'met' && basis !== undefined && noun !== undefined;
  const more = subjects > 1 ? ` and ${subjects - 1} more` : '';
  return [...(isTold ? [`${whole(basis)} ${noun}`] : []), `${subject}${more}`]
    .filter((part) => part !== '')
    .join(', ');
}
