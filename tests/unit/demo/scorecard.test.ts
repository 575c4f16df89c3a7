import { describe, expect, it } from 'vitest';
import type { Cast } from '../../../demo/cast.ts';
import { parseExposition } from '../../../demo/exposition.ts';
import { bounds, measured } from '../../../demo/scorecard/format.ts';
import { type Line, renderLine } from '../../../demo/scorecard/lines.ts';
import { renderScorecard, renderStories } from '../../../demo/scorecard/scorecard.ts';
import { stories } from '../../../demo/stories/all.ts';
import { trackStories } from '../../../demo/stories/story.ts';
import type { Judgement } from '../../../src/core/judgement.ts';

const cast = (more: Partial<Cast>): Cast => ({
  engine: 'mongodb',
  title: 'MongoDB',
  targets: ['catalog-set'],
  config: '',
  secrets: {},
  addresses: [],
  ...more,
});
const texts = (lines: readonly Line[]): readonly string[] => lines.map((line) => renderLine(line, false));

const startedAt = 1_700_000_000_000;

/** The scorecard of a page, line by line. */
function linesOf(
  page: string,
  more: Partial<Cast> = {},
  judgements: readonly Judgement[] = [],
): readonly string[] {
  const scrape = parseExposition(page);
  const failures = { of: () => undefined };
  return texts(renderScorecard({ scrape, judgements, startedAt, failures, casts: [cast(more)] }));
}

/** What the page has of an objective in a state. */
function statesOf(labels: string, state: string): string {
  return ['met', 'breached', 'unknown']
    .map((one) => `reeve_objective_state{${labels},state="${one}"} ${one === state ? 1 : 0}`)
    .join('\n');
}

const judged: Judgement = {
  target: 'catalog-set',
  engine: 'mongodb',
  objective: 'cache_hit_ratio',
  subject: '',
  state: 'unknown',
  reason: undefined,
  detail: '',
  value: undefined,
  basis: undefined,
  bound: {},
  since: 0,
  at: 0,
  pendingMs: undefined,
  breach: undefined,
  blind: false,
  budget: { allowed: 0.05, remaining: 1, burnRates: {} },
  forecast: undefined,
};

describe('renderScorecard', () => {
  it('names a double in its heading and beside its target', () => {
    const lines = linesOf('reeve_target_up{target="catalog-set"} 1', { double: 'no mongod' });

    expect(lines).toContain('MongoDB · no mongod');
    expect(lines.find((line) => line.startsWith('catalog-set'))).toMatch(/^catalog-set +DOUBLE · up$/);
  });

  it('calls nothing real a double, and nothing judged that is not', () => {
    const text = linesOf('').join('\n');

    expect(text).not.toContain('DOUBLE');
    expect(text).toContain('no objective is judged yet');
  });

  it('shows a breach as the page has it: the bound in force, since when, how urgent', () => {
    const labels = 'target="catalog-set",objective="cache_hit_ratio"';

    const lines = linesOf(`${statesOf(labels, 'breached')}
reeve_objective_value{${labels}} 0.713
reeve_objective_bound{${labels},bound="min"} 0.77
reeve_objective_severity{${labels},severity="page"} 1
reeve_objective_breached_since_timestamp_seconds{${labels}} ${startedAt / 1_000 + 14}`);

    expect(lines.join('\n')).toMatch(/cache_hit_ratio +71\.3 % +≥ 77 % +breached since \+14 s \(page\)/);
  });

  it('keeps a breach whose value is unknown, with the reason why', () => {
    const labels = 'target="catalog-set",objective="cache_hit_ratio"';
    const page = `${statesOf(labels, 'breached')}
reeve_objective_severity{${labels},severity="ticket"} 1
reeve_objective_breached_since_timestamp_seconds{${labels}} ${startedAt / 1_000 + 2}`;

    const lines = linesOf(page, {}, [{ ...judged, state: 'breached', reason: 'unreachable' }]);

    expect(lines.join('\n')).toMatch(/cache_hit_ratio +breached since \+2 s \(ticket\): the target can/);
  });

  it('says why something is unknown, in the words of the agent', () => {
    const labels = 'target="catalog-set",objective="cache_hit_ratio"';
    const detail = '12 observations, and it takes 500';

    const text = linesOf(statesOf(labels, 'unknown'), {}, [
      { ...judged, reason: 'too_few_samples', detail },
    ]).join('\n');

    expect(text).toMatch(/cache_hit_ratio +unknown: 12 observations, and it takes 500$/m);
  });

  it('does not call met what is violated without saying so', () => {
    const labels = 'target="catalog-set",objective="cache_hit_ratio"';

    const text = linesOf(statesOf(labels, 'met'), {}, [
      { ...judged, state: 'met', value: 0.5, pendingMs: 4_000 },
    ]).join('\n');

    expect(text).toMatch(/met: violated for 4\.0 s so far$/m);
  });

  it('shows the worst of several subjects: a page before a ticket, before unknown, before met', () => {
    const of = (subject: string): string =>
      `target="catalog-set",objective="replication_lag_seconds",subject="${subject}"`;
    const breached = (subject: string, severity: string): string => `${statesOf(of(subject), 'breached')}
reeve_objective_severity{${of(subject)},severity="${severity}"} 1
reeve_objective_breached_since_timestamp_seconds{${of(subject)}} ${startedAt / 1_000 + 5}`;
    const parts = [
      statesOf(of('a'), 'met'),
      statesOf(of('b'), 'unknown'),
      breached('c', 'ticket'),
      breached('d', 'page'),
    ];
    const lineOf = (some: readonly string[]): string | undefined =>
      linesOf(some.join('\n')).find((line) => line.includes('replication_lag_seconds'));

    expect(lineOf(parts)).toContain('breached since +5 s (page), d and 3 more');
    expect(lineOf(parts.slice(0, 3))).toContain('(ticket), c and 2 more');
    expect(lineOf(parts.slice(0, 2))).toContain('unknown, b and 1 more');
    expect(lineOf(parts.slice(0, 1))).toContain('met, a');
  });

  it('keeps to a hundred columns, the label of every objective whole', () => {
    const labels =
      'target="carts-account",objective="request_unit_utilization_ratio",subject="a-long-database/a-long-container/North Europe"';
    const page = `reeve_target_up{target="carts-account"} 1
${statesOf(labels, 'breached')}
reeve_objective_severity{${labels},severity="ticket"} 1
reeve_objective_value{${labels}} 0.95
reeve_objective_bound{${labels},bound="min"} 0.7
reeve_objective_bound{${labels},bound="max"} 0.85`;

    const lines = linesOf(page, { targets: ['carts-account'] });

    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.join('\n')).toMatch(/request_unit_utilization_ratio 95\.0 % +70–85 % +breached/);
  });
});

describe('the stories', () => {
  it('fit a line each, and have names of their own', () => {
    const waiting = texts(renderStories(trackStories(stories).progress(), false));
    const tracker = trackStories(stories.map((story) => ({ ...story, steps: [] })));
    tracker.follow(new Map(), 1_000);
    const finished = texts(renderStories(tracker.progress(), true));

    expect(Math.max(...[...waiting, ...finished].map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(finished.filter((line) => line.includes('…'))).toEqual([]);
    expect(new Set(stories.map(({ id }) => id)).size).toBe(stories.length);
  });
});

describe('measured and bounds', () => {
  it('writes dollars to the cent where there are few, and never rounds them to nothing', () => {
    expect([1_234.4, 12.345, 0.0018, 0].map((usd) => measured(usd, 'usd'))).toEqual([
      '$1,234',
      '$12.35',
      '$0.0018',
      '$0.00',
    ]);
  });

  it('writes a band as one', () => {
    expect(bounds({ min: 0.7, max: 0.85 }, 'ratio')).toBe('70–85 %');
    expect(bounds({ min: 0.95 }, 'ratio')).toBe('≥ 95 %');
    expect(bounds({}, 'usd')).toBe('');
  });
});
