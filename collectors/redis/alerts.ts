import type { AlertRule } from '../../src/sdk.ts';
import { clientAlerts } from './alerts/clients.ts';
import { deploymentAlerts } from './alerts/deployment.ts';
import { memoryAlerts } from './alerts/memory.ts';
import { persistenceAlerts } from './alerts/persistence.ts';

/** What operators of Redis expect to be told of, whatever the objectives say. */
export const redisAlerts: readonly AlertRule[] = [
  ...deploymentAlerts,
  ...persistenceAlerts,
  ...memoryAlerts,
  ...clientAlerts,
];
