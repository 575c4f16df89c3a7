import type { Readers } from './readers.ts';

/** Groups about what is stored and what runs for long: indexes, storage, long_operations, sharding. */
export const dataReaders: Readers = () => ({});
