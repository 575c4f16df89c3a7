import type { Snapshot } from '../../../src/sdk.ts';
import { samplesOf } from './find-scale.ts';
import { ownerSubject } from './owner.ts';

/** Bytes and documents of a container, in the region where it is largest. */
export interface ContainerSizes {
  readonly dataBytes: number;
  readonly indexBytes: number;
  readonly documents: number;
}

/** By `ownerSubject`. */
export function sizesOf(snapshot: Snapshot | undefined): ReadonlyMap<string, ContainerSizes> {
  const sizes = new Map<string, ContainerSizes>();
  const names = {
    dataBytes: 'reeve_cosmosdb_data_bytes',
    indexBytes: 'reeve_cosmosdb_index_bytes',
    documents: 'reeve_cosmosdb_documents',
  } as const;
  for (const field of ['dataBytes', 'indexBytes', 'documents'] as const) {
    for (const { labels, value } of samplesOf(snapshot, names[field])) {
      const [database = '', container = ''] = labels;
      const key = ownerSubject({ database, container });
      const before = sizes.get(key) ?? { dataBytes: 0, indexBytes: 0, documents: 0 };
      sizes.set(key, { ...before, [field]: Math.max(before[field], value) });
    }
  }
  return sizes;
}
