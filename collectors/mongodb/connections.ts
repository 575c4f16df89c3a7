import { ratio } from '../../src/sdk.ts';
import { eachStatus } from './member-groups.ts';
import { recordFields, type StatusField, valueAt } from './status-fields.ts';

const fields: readonly StatusField[] = [
  { path: 'connections.current', metric: 'connectionsCurrent' },
  { path: 'connections.active', metric: 'connectionsActive' },
  { path: 'connections.totalCreated', metric: 'connectionsCreatedTotal' },
];

/** Connections of every member against its limit. */
export const readConnections = eachStatus((member, { status }, context) => {
  recordFields(fields, status, member.name, context);
  const current = valueAt(status, 'connections.current');
  const available = valueAt(status, 'connections.available');
  if (current === undefined || available === undefined) return;
  context.record('connectionsLimit', current + available, { member: member.name });
  context.record('connectionUtilization', ratio(current, current + available), { member: member.name });
});
