import type { PlannedVariable } from './plan.ts';

/** Every variable is built on a series that is there also while the databases are down. */

export const jobVariable: PlannedVariable = {
  name: 'job',
  title: 'Job',
  description: 'Scrape jobs that have a Reeve.',
  query: 'label_values(reeve_build_info, job)',
  choice: 'many',
};

export const engineVariable: PlannedVariable = {
  name: 'engine',
  title: 'Engine',
  description: 'Kinds of database.',
  query: 'label_values(reeve_target_up{job=~"$job"}, engine)',
  choice: 'many',
};

/** Targets of the chosen engines, or of one. */
export function targetVariable(engineMatcher: string): PlannedVariable {
  return {
    name: 'target',
    title: 'Target',
    description: 'Watched databases, as they are called in the configuration.',
    query: `label_values(reeve_target_up{job=~"$job",${engineMatcher}}, target)`,
    choice: 'many',
  };
}

export const instanceVariable: PlannedVariable = {
  name: 'instance',
  title: 'Instance',
  description: 'Addresses of the agents.',
  query: 'label_values(reeve_build_info{job=~"$job"}, instance)',
  choice: 'many',
};

/** Where the agent's control listener is, for links; empty where none is configured. */
export const controlVariable: PlannedVariable = {
  name: 'control',
  title: 'Control',
  description: 'Address of the control listener, for links to breaches and runbooks.',
  query: 'label_values(reeve_control_info{job=~"$job"}, url)',
  choice: 'one',
};
