import type { Readers } from './readers.ts';

/** Groups that share one serverStatus a member and poll, and replication. */
export const coreReaders: Readers = () => ({});
