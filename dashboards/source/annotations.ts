import { objectiveMetrics } from '../../src/core/objective-metrics.ts';
import { agentMetrics } from '../../src/telemetry/metrics.ts';
import type { PlannedAnnotation } from './plan.ts';
import { colours } from './thresholds.ts';

/** Marks on every graph. Those of pipeline runs arrive with the pipelines: nothing runs one yet. */

/** `on`: matchers that choose targets. */
export function breaches(on: string): PlannedAnnotation {
  const state = objectiveMetrics.objectiveState.name;
  return {
    name: 'Breaches',
    expr: `max by (target, objective, subject) (${state}{${on},state="breached"}) == 1`,
    text: '{{objective}} of {{target}} {{subject}} is breached',
    colour: colours.bad,
    valueIsTime: false,
    usuallyEmpty: 'no objective is breached.',
  };
}

export const agentStarts: PlannedAnnotation = {
  name: 'Starts of the agent',
  expr: 'process_start_time_seconds{job=~"$job"} * 1000',
  text: 'the agent {{instance}} was started',
  colour: 'blue',
  valueIsTime: true,
};

export const configurationLoads: PlannedAnnotation = {
  name: 'Configuration loaded',
  expr: `${agentMetrics.configReloadTimestamp.name}{job=~"$job"} * 1000`,
  text: 'the configuration of {{instance}} was loaded',
  colour: 'semi-dark-blue',
  valueIsTime: true,
};
