import { type CollectionEntry, sizesOf } from '../model/catalog.ts';
import type { Reads } from '../model/member.ts';
import { type Doc, int, long } from '../values.ts';

/** `storageStats` of $collStats. @see https://www.mongodb.com/docs/manual/reference/operator/aggregation/collStats/ */
export function collectionStorage(collection: CollectionEntry): Doc {
  const sizes = sizesOf(collection);
  const indexes = [...collection.indexes.values()];
  return {
    size: int(sizes.dataBytes),
    count: int(sizes.documents),
    ...(sizes.documents > 0 && { avgObjSize: collection.averageDocumentBytes }),
    numOrphanDocs: 0,
    storageSize: int(sizes.storageBytes),
    freeStorageSize: int(Math.floor(sizes.storageBytes / 10)),
    capped: collection.options['capped'] === true,
    wiredTiger: { metadata: { formatVersion: 1 }, type: 'file', uri: 'statistics:table:collection-0' },
    nindexes: indexes.length,
    indexDetails: Object.fromEntries(
      indexes.map(({ spec }) => [String(spec['name']), { metadata: { formatVersion: 8 }, type: 'file' }]),
    ),
    indexBuilds: indexes.filter(({ building }) => building).map(({ spec }) => String(spec['name'])),
    totalIndexSize: int(sizes.indexBytes),
    totalSize: int(sizes.storageBytes + sizes.indexBytes),
    indexSizes: Object.fromEntries(
      indexes.map(({ spec, sizeBytes }) => [String(spec['name']), int(sizeBytes)]),
    ),
    scaleFactor: 1,
  };
}

export function latencies({ operations, micros }: Reads): Doc {
  const none = { latency: long(0), ops: long(0), queryableEncryptionLatencyMicros: long(0) };
  return {
    reads: { ...none, latency: long(micros), ops: long(operations) },
    writes: none,
    commands: none,
    transactions: none,
  };
}
