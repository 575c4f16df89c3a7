import { describe, expect, it } from 'vitest';
import type { Cast } from '../../../demo/cast.ts';
import { parseExposition } from '../../../demo/exposition.ts';
import { bounds, measured } from '../../../demo/scorecard/format.ts';
import { type Line, renderLine } from '../../../demo/scorecard/lines.ts';
import { renderScorecard, renderStories } from '../../../demo/scorecard/scorecard.ts';
import { stories } from '../../../demo/stories/all.ts';
import { trackStories } from '../../../demo/stories/story.ts';

const cast = (more: Partial<Cast>): Cast => ({
  title: 'MongoDB',
  targets: ['catalog-set'],
  config: '',
  secrets: {},
  addresses: [],
  ...more,
});
const noFailures = { of: () => undefined };
const texts = (lines: readonly Line[]): readonly string[] => lines.map((line) => renderLine(line, false));

describe('renderScorecard', () => {
  it('names a double in its heading and beside its target', () => {
    const page = parseExposition('reeve_target_up{target="catalog-set"} 1');

    const lines = texts(renderScorecard(page, noFailures, [cast({ double: 'no mongod' })]));

    expect(lines).toContain('MongoDB · no mongod');
    expect(lines.find((line) => line.startsWith('catalog-set'))).toMatch(/^catalog-set +DOUBLE · up$/);
  });

  it('calls nothing real a double', () => {
    const lines = texts(renderScorecard(parseExposition(''), noFailures, [cast({})]));

    expect(lines.join('\n')).not.toContain('DOUBLE');
  });

  it('keeps to a hundred columns, the label of every objective whole', () => {
    const page = parseExposition(
      'reeve_cosmosdb_request_unit_utilization_ratio{target="carts-account",container="prices"} 0.79\nreeve_target_up{target="carts-account"} 1',
    );

    const lines = texts(renderScorecard(page, noFailures, [cast({ targets: ['carts-account'] })]));

    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.join('\n')).toMatch(/request_unit_utilization_ratio 79\.0 % +70–85 %/);
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
