import { eachStatus } from './member-groups.ts';
import { recordFields, type StatusField, valueAt } from './status-fields.ts';

const mebibyte = 1_048_576;

const fields: readonly StatusField[] = [
  { path: 'mem.resident', metric: 'memoryResidentBytes', scale: mebibyte },
  { path: 'mem.virtual', metric: 'memoryVirtualBytes', scale: mebibyte },
  { path: 'network.bytesIn', metric: 'networkReceivedBytes' },
  { path: 'network.bytesOut', metric: 'networkSentBytes' },
  { path: 'network.numRequests', metric: 'networkRequestsTotal' },
  { path: 'metrics.cursor.open.total', metric: 'cursorsOpen' },
  { path: 'metrics.cursor.timedOut', metric: 'cursorsTimedOutTotal' },
  { path: 'metrics.ttl.deletedDocuments', metric: 'ttlDeletedTotal' },
];

const assertKinds = ['regular', 'warning', 'msg', 'user', 'tripwire'] as const;

/** Memory, network, cursors and assertions of every member. */
export const readResources = eachStatus((member, { status }, context) => {
  recordFields(fields, status, member.name, context);
  for (const kind of assertKinds) {
    context.record('assertsTotal', valueAt(status, `asserts.${kind}`), { member: member.name, kind });
  }
});
