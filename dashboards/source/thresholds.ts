import type { Threshold, ThresholdsConfig } from '@grafana/grafana-foundation-sdk/dashboard';
import { ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { objectives } from '../../src/core/objective.ts';
import type { PlannedPanel, Thresholds } from './plan.ts';

/** Grafana's names of colours; they follow the reader's theme. */
export const colours = {
  good: 'green',
  warning: 'orange',
  bad: 'red',
  unknown: 'purple',
  none: 'text',
} as const;

/** From the objective's default bound, else from the panel; one colour for all values where nobody says what is bad. */
export function thresholdsOf({ objective, thresholds }: PlannedPanel): ThresholdsConfig {
  const steps =
    objective === undefined ? stepsOf(thresholds) : boundSteps(objectives[objective].bound, thresholds);
  return { mode: ThresholdsMode.Absolute, steps };
}

/** Whether there is a value from which something is bad. */
export function hasThresholds(panel: PlannedPanel): boolean {
  return thresholdsOf(panel).steps.length > 1;
}

function boundSteps(
  { min, max }: { readonly min?: number; readonly max?: number },
  otherwise: Thresholds | undefined,
): Threshold[] {
  if (min === undefined && max === undefined) return stepsOf(otherwise);
  const low: Threshold[] =
    min === undefined
      ? [{ value: null, color: colours.good }]
      : [
          { value: null, color: colours.bad },
          { value: min, color: colours.good },
        ];
  return max === undefined ? low : [...low, { value: justAbove(max), color: colours.bad }];
}

/** Grafana's steps begin at their value, a maximum is still good: this matters where nothing at all is allowed. */
function justAbove(max: number): number {
  return max === 0 ? Number.EPSILON : max;
}

function stepsOf(thresholds: Thresholds | undefined): Threshold[] {
  if (thresholds === undefined) return [{ value: null, color: colours.none }];
  const { warning, critical, below } = thresholds;
  return below === true
    ? [
        { value: null, color: colours.bad },
        { value: critical, color: colours.warning },
        { value: warning, color: colours.good },
      ]
    : [
        { value: null, color: colours.good },
        { value: warning, color: colours.warning },
        { value: critical, color: colours.bad },
      ];
}
