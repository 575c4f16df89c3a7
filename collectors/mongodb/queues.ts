import { type Document, documentAt } from './document.ts';
import { eachStatus } from './member-groups.ts';
import { recordFields, type StatusField, valueAt } from './status-fields.ts';

const fields: readonly StatusField[] = [
  { path: 'flowControl.isLagged', metric: 'flowControlLagged' },
  { path: 'flowControl.timeAcquiringMicros', metric: 'flowControlSeconds', scale: 1e-6 },
];

const sides = [
  { operation: 'read', waiting: 'globalLock.currentQueue.readers' },
  { operation: 'write', waiting: 'globalLock.currentQueue.writers' },
] as const;

/** Where the counters of tickets are: moved in 8.0. */
const places = ['queues.execution', 'wiredTiger.concurrentTransactions'] as const;

/** Tickets of the storage engine and the queues before them and before locks. */
export const readQueues = eachStatus((member, { status }, context) => {
  recordFields(fields, status, member.name, context);
  const place = places.find((path) => documentAt(status, path) !== undefined);
  for (const { operation, waiting } of sides) {
    const labels = { member: member.name, operation };
    context.record('lockQueue', valueAt(status, waiting), labels);
    if (place === undefined) continue;
    const path = `${place}.${operation}`;
    context.record('ticketsInUse', valueAt(status, `${path}.out`), labels);
    context.record('ticketsAvailable', valueAt(status, `${path}.available`), labels);
    context.record('ticketQueue', queued(status, path, 'queueLength'), labels);
    const micros = queued(status, path, 'totalTimeQueuedMicros');
    if (micros !== undefined) context.record('ticketQueuedSeconds', micros / 1e6, labels);
  }
});

/** Under `normalPriority` since priorities exist. */
function queued(status: Document, path: string, field: string): number | undefined {
  return valueAt(status, `${path}.normalPriority.${field}`) ?? valueAt(status, `${path}.${field}`);
}
