import type { Pipeline } from '../remediate/pipeline.ts';

/** Provisioned throughput that is used too little or too much. */
export const throughput: Pipeline = {
  id: 'throughput',
  title: 'throughput',
  objectives: ['request_unit_utilization_ratio'],
  practice: 'provisioning throughput',
  advice: 'partition keys, consistency and expiry of documents',
  practices: {
    scale_throughput_up: 'provisioning throughput',
    scale_throughput_down: 'provisioning throughput',
  },
  candidateLimit: 3,
  custodian: [],
};
