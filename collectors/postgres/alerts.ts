import type { AlertRule } from '../../src/sdk.ts';
import { archivingAlerts } from './alerts/archiving.ts';
import { connectionAlerts } from './alerts/connections.ts';
import { maintenanceAlerts } from './alerts/maintenance.ts';
import { replicationAlerts } from './alerts/replication.ts';
import { sessionAlerts } from './alerts/sessions.ts';
import { slotAlerts } from './alerts/slots.ts';
import { wraparoundAlerts } from './alerts/wraparound.ts';

/** What operators of PostgreSQL expect to be told of, whatever the objectives say. */
export const postgresAlerts: readonly AlertRule[] = [
  ...wraparoundAlerts,
  ...slotAlerts,
  ...archivingAlerts,
  ...connectionAlerts,
  ...replicationAlerts,
  ...sessionAlerts,
  ...maintenanceAlerts,
];
