import type { RecordingGroup } from './alert-file.ts';

/**
 * How fast objectives use up their budget of time in breach: share of the window in breach, divided by the share that is allowed. At 1 the
 * budget is used up exactly when its 30 days are over. Time without a sample counts as not breached.
 *
 * The raw state is read over five minutes only; every longer window averages that, at the steps named here, so that a window of three days
 * reads 288 values a series and not every scrape. See https://sre.google/workbook/alerting-on-slos/
 */

/** Windows beside `5m`, with the step at which the five-minute rate is looked up and how many steps make the window. */
const longWindows = [
  { window: '30m', step: '1m', steps: 30, group: 'quick' },
  { window: '1h', step: '1m', steps: 60, group: 'quick' },
  { window: '2h', step: '5m', steps: 24, group: 'slow' },
  { window: '6h', step: '5m', steps: 72, group: 'slow' },
  { window: '1d', step: '15m', steps: 96, group: 'slow' },
  { window: '3d', step: '15m', steps: 288, group: 'slow' },
] as const;

/**
 * A budget is burning when the rate is above the factor over both windows: the long one says that it matters, the short one that it still
 * goes on. An objective whose budget is larger than 1 / factor can never burn that fast.
 */
export const burnConditions = [
  { factor: 14.4, long: '1h', short: '5m' },
  { factor: 6, long: '6h', short: '30m' },
  { factor: 3, long: '1d', short: '2h' },
  { factor: 1, long: '3d', short: '6h' },
] as const;

export function burnRateRecord(window: string): string {
  return `reeve:objective_burn_rate:ratio_rate${window}`;
}

export const burnRateRecordings: readonly RecordingGroup[] = [
  {
    name: 'reeve-objective-burn-quick',
    interval: '1m',
    rules: [
      {
        record: burnRateRecord('5m'),
        expr: 'max without (state) (avg_over_time($objectiveState{state="breached"}[5m])) / ignoring (subject) group_left () $objectiveBudgetRatio',
      },
      ...longRules('quick'),
    ],
  },
  { name: 'reeve-objective-burn-slow', interval: '5m', rules: longRules('slow') },
];

function longRules(group: 'quick' | 'slow') {
  return longWindows
    .filter((each) => each.group === group)
    .map(({ window, step, steps }) => ({
      record: burnRateRecord(window),
      expr: `sum_over_time(${burnRateRecord('5m')}[${window}:${step}]) / ${steps}`,
    }));
}
