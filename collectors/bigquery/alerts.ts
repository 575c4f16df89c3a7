import type { AlertRule } from '../../src/sdk.ts';
import { jobAlerts } from './alerts/jobs.ts';
import { spendAlerts } from './alerts/spend.ts';
import { storageAlerts } from './alerts/storage.ts';

/** What operators of BigQuery expect to be told of, whatever the objectives say. */
export const bigqueryAlerts: readonly AlertRule[] = [...jobAlerts, ...spendAlerts, ...storageAlerts];
