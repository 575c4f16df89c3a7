import { defineMetrics } from '../../../src/sdk.ts';
import { memberLabel } from './sources.ts';

const currentOp = {
  kind: 'gauge',
  labels: { member: memberLabel },
  group: 'long_operations',
  docs: 'https://www.mongodb.com/docs/manual/reference/operator/aggregation/currentOp/',
  since: '5.0',
  cost: 'one $currentOp a member every 30 seconds, filtered by the server',
  stability: 'stable',
} as const;

export const longOperationMetrics = defineMetrics({
  longOperations: {
    ...currentOp,
    name: 'reeve_mongodb_long_operations',
    unit: 'none',
    help: 'Operations of clients that have run for longer than `longOperation`; at most 50 a member are counted.',
    source: '$currentOp active, secs_running',
  },
  longestOperation: {
    ...currentOp,
    name: 'reeve_mongodb_longest_operation_seconds',
    unit: 'seconds',
    help: 'How long the longest of the long-running operations has run; 0 when there is none.',
    source: '$currentOp secs_running',
  },
  blockedOperations: {
    ...currentOp,
    name: 'reeve_mongodb_blocked_long_operations',
    unit: 'none',
    help: 'Long-running operations that wait for a lock.',
    source: '$currentOp waitingForLock',
  },
  indexBuilds: {
    ...currentOp,
    name: 'reeve_mongodb_index_builds',
    unit: 'none',
    help: 'Index builds under way.',
    source: '$currentOp msg',
  },
  writesLocked: {
    ...currentOp,
    name: 'reeve_mongodb_writes_locked',
    unit: 'none',
    help: 'Whether fsyncLock holds back all writes (1) or not (0).',
    source: 'currentOp fsyncLock',
    docs: 'https://www.mongodb.com/docs/manual/reference/command/currentOp/',
    cost: 'one currentOp of own operations a member every 30 seconds',
  },
});
