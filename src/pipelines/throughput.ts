import type { Pipeline } from '../remediate/pipeline.ts';

/** Provisioned throughput that is used too little or too much. */
export const throughput: Pipeline = {
  id: 'throughput',
  title: 'throughput',
  objectives: ['request_unit_utilization_ratio'],
  practice: 'provisioning throughput',
  advice: 'choosing partition keys and consistency',
  practices: {
    scale_throughput_up: 'provisioning throughput',
    scale_throughput_down: 'provisioning throughput',
  },
  candidateLimit: 3,
  custodian: [],
  // Load changes within hours: while one scaling is watched, the next one of the same container waits.
  soakMs: ({ soakMs }) => Math.min(soakMs, 2 * 3_600_000),
};
