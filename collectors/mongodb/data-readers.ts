import { createBackupsReader } from './backups.ts';
import { createIndexesReader } from './indexes.ts';
import { createLongOperationsReader } from './long-operations.ts';
import type { Readers } from './readers.ts';
import { createShardingReader } from './sharding.ts';
import { createStorageReader } from './storage.ts';

/** Groups about what is stored and what runs for long: indexes, storage, long_operations, sharding, backups. */
export const dataReaders: Readers = (input) => ({
  indexes: createIndexesReader(input),
  storage: createStorageReader(input),
  long_operations: createLongOperationsReader(input),
  sharding: createShardingReader(input),
  backups: createBackupsReader(input),
});
