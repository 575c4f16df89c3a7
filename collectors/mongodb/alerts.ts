import type { AlertRule } from '../../src/sdk.ts';
import { availabilityAlerts } from './alerts/availability.ts';
import { loadAlerts } from './alerts/load.ts';
import { replicationAlerts } from './alerts/replication.ts';
import { shardingAlerts } from './alerts/sharding.ts';
import { workAlerts } from './alerts/work.ts';

/** What operators of MongoDB expect to be told of, whatever the objectives say. */
export const mongodbAlerts: readonly AlertRule[] = [
  ...availabilityAlerts,
  ...replicationAlerts,
  ...loadAlerts,
  ...workAlerts,
  ...shardingAlerts,
];
