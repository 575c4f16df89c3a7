import { describe, expect, it } from 'vitest';
import { renderExposition } from '../../../src/export/render-exposition.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { metric, snapshot } from './snapshots.ts';

describe('renderExposition', () => {
  it('prints the samples of the snapshots and nothing else', async () => {
    const up = metric({ name: 'reeve_target_up', help: 'Whether it is up.' });

    const text = await renderExposition(
      [snapshot('b', [[up, 0]]), snapshot('a', [[up, 1]])],
      new FakeClock(),
    );

    expect(text).toBe(`# HELP reeve_target_up Whether it is up.
# TYPE reeve_target_up gauge
reeve_target_up{target="a",engine="postgres"} 1
reeve_target_up{target="b",engine="postgres"} 0
`);
  });

  it('keeps a page whole that is larger than its chunks', async () => {
    const rows = Array.from(
      { length: 3_000 },
      (_, index) => [small, index, { index: `index-${index}` }] as const,
    );
    const targets = Array.from({ length: 10 }, (_, index) =>
      snapshot(`target-${index}`, rows.slice(0, 300 * (index + 1))),
    );

    const text = await renderExposition(targets, new FakeClock());

    expect(text.split('\n').filter((line) => line.startsWith('reeve_small{'))).toHaveLength(16_500);
    expect(text.match(/# TYPE/g)).toHaveLength(1);
  });
});

const small = metric({ name: 'reeve_small', labels: { index: 'x' } });
