import { defineMetrics, storageBytes } from '../../../src/sdk.ts';
import { byRegion, monitorGauge } from './sources.ts';

const storage = {
  ...monitorGauge,
  group: 'storage',
  labels: byRegion,
  cost: 'control plane: one read of Azure Monitor for all containers; data plane: one read a container',
} as const;

export const storageMetrics = defineMetrics({
  storageBytes: {
    ...storageBytes,
    group: 'storage',
    source:
      'DataUsage + IndexUsage of the containers, in the region where they are largest; data plane: collectionSize',
    docs: storage.docs,
    since: storage.since,
    cost: storage.cost,
  },
  dataBytes: {
    ...storage,
    name: 'reeve_cosmosdb_data_bytes',
    unit: 'bytes',
    help: 'Size of the documents; each region has its own copy and is charged for it.',
    source: 'DataUsage, total of 5 minutes; data plane: documentsSize',
  },
  indexBytes: {
    ...storage,
    name: 'reeve_cosmosdb_index_bytes',
    unit: 'bytes',
    help: 'Size of the indexes; each region has its own copy and is charged for it.',
    source: 'IndexUsage, total of 5 minutes; data plane: collectionSize - documentsSize',
  },
  documents: {
    ...storage,
    name: 'reeve_cosmosdb_documents',
    unit: 'none',
    help: 'Documents in a container.',
    source: 'DocumentCount, total of 5 minutes; data plane: documentsCount',
  },
});
