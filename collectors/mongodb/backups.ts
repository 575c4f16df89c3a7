import { CollectError, type CollectorInput, findNoBackups, recordChain } from '../../src/sdk.ts';
import { BackupLister, type ChainListing } from './backups/list-backups.ts';
import type { MongodbOptions } from './config.ts';
import type { MongodbContext } from './metrics.ts';
import type { Reader } from './readers.ts';

const remedies = {
  damaged:
    'take another one now (reeve drill TARGET --take), and look why this one was cut short: disk space, and the exit status of mongodump',
  old: 'look whether the schedule still runs, and what its last run printed',
} as const;

/** Reads what other tools have backed up: files and catalogues only, nothing of the server. */
export function createBackupsReader({
  options,
  clock,
}: Pick<CollectorInput<MongodbOptions>, 'options' | 'clock'>): Reader {
  const lister = new BackupLister({
    chains: options.backups,
    binaries: options.binaries,
    clock,
  });
  return async (_, context) => {
    if (lister.chains.length === 0) return findNoBackups(context);
    for (const listing of await lister.list(context.signal))
      await context.attempt(listing.chain, async (inner) => record(listing, inner));
  };
}

function record(listing: ChainListing, context: MongodbContext): void {
  if ('problem' in listing) throw new CollectError('unreachable', listing.problem);
  const { chain, backups } = listing;
  const newestFirst = backups.toSorted((one, other) => other.takenAt - one.takenAt);
  recordChain(context, { chain, backups: newestFirst, remedies });
}
