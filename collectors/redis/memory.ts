import { type FieldReading, type NodeGroup, recordFields } from './fields.ts';

const fields: readonly FieldReading[] = [
  { field: 'used_memory', metric: 'memoryUsedBytes' },
  { field: 'used_memory_peak', metric: 'memoryPeakBytes' },
  { field: 'used_memory_rss', metric: 'memoryRssBytes' },
  { field: 'used_memory_dataset', metric: 'memoryDatasetBytes' },
  { field: 'mem_fragmentation_ratio', metric: 'memoryFragmentationRatio' },
  { field: 'mem_fragmentation_bytes', metric: 'memoryFragmentationBytes', signed: true },
  { field: 'mem_clients_normal', metric: 'memoryClientsBytes' },
  { field: 'lazyfree_pending_objects', metric: 'lazyFreePending' },
];

/** Memory against its limit, and what happens at the limit. */
export const readMemory: NodeGroup = (node, reading, context) => {
  recordFields(fields, node, reading, context);
  const { info } = reading;
  if (info.text('role') === 'master')
    context.record('primaryMemoryBytes', info.number('used_memory'), { node: node.name });
  const policy = info.text('maxmemory_policy');
  if (policy !== undefined) context.record('memoryPolicy', 1, { node: node.name, policy });
  const limit = info.number('maxmemory');
  const used = info.number('used_memory');
  // 0 is how the server says that there is no limit.
  if (limit === undefined || limit <= 0) return;
  context.record('memoryLimitBytes', limit, { node: node.name });
  if (used === undefined) return;
  // Buffers of replicas and of the append-only file do not count towards the limit.
  const counted = used - (info.number('mem_not_counted_for_evict') ?? 0);
  context.record('memoryUtilizationRatio', Math.max(0, counted) / limit, { node: node.name });
};
