import type { AlertRule } from '../../src/sdk.ts';
import { accountAlerts } from './alerts/account.ts';
import { throttlingAlerts } from './alerts/throttling.ts';

/** What operators of Cosmos DB expect to be told of, whatever the objectives say. */
export const cosmosdbAlerts: readonly AlertRule[] = [...throttlingAlerts, ...accountAlerts];
