import { describe, expect, it } from 'vitest';
import type { MetricSeries } from './metric-query.ts';
import { Settling } from './settling.ts';

function minutes(...values: readonly (readonly [atMs: number, value: number])[]): readonly MetricSeries[] {
  return [{ dimensions: new Map(), points: values.map(([atMs, value]) => ({ atMs, value })) }];
}

describe('Settling', () => {
  it('knows nothing after one reading', () => {
    const settling = new Settling();
    settling.add(minutes([0, 100], [60_000, 50]));

    expect(settling.evidence()).toEqual({ minutes: 0, worstChange: 0 });
  });

  it('sees a minute that changed after it was taken for settled', () => {
    const settling = new Settling();
    settling.add(minutes([0, 100], [60_000, 50]));
    settling.add(minutes([0, 100], [60_000, 60], [120_000, 10]));

    expect(settling.evidence()).toEqual({ minutes: 2, worstChange: 0.2 });
  });
});
