import type { Panel } from '../../../src/sdk.ts';

type Query = readonly [expr: string, legend: string];

/** A panel over time, 8 columns wide unless it says otherwise. */
export function over(
  title: string,
  unit: Panel['unit'],
  queries: readonly [Query, ...Query[]],
  description: string,
  more: Partial<Panel> = {},
): Panel {
  return {
    title,
    description,
    kind: 'timeseries',
    unit,
    queries: queries.map(([expr, legend]) => ({ expr, legend })),
    ...more,
  };
}
