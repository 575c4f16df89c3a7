import { type BackupOperations, CollectError } from '../../../../src/sdk.ts';
import { BackupLister } from '../../backups/list-backups.ts';
import type { Place } from '../place.ts';
import { drillDump } from './drill.ts';
import { endScratchProcesses } from './scratch-processes.ts';
import { dumpStrategy } from './strategy.ts';
import { takeDump } from './take-dump.ts';

const mostListed = 100;

/** What is known of a deployment's backups, and the proof that a dump can be restored. */
export function backupOperations(place: Place): BackupOperations {
  const { input } = place;
  const { backups, binaries } = input.options;
  const lister = new BackupLister({
    chains: backups,
    binaries,
    clock: input.clock,
  });
  const places = Object.values(backups).flatMap((chain) => (chain.kind === 'mongodump' ? [chain.path] : []));
  return {
    chains: lister.chains,
    places,
    list: async ({ signal }) => {
      const listings = await lister.list(signal);
      const found = listings.flatMap((listing) =>
        'backups' in listing ? listing.backups.slice(0, mostListed) : [],
      );
      const problems = listings.flatMap((listing) => ('problem' in listing ? [listing.problem] : []));
      // With some of them there is something to tell; with none there is only the reason.
      if (found.length === 0 && problems.length > 0)
        throw new CollectError('unreachable', problems.join('; '));
      return found.toSorted((one, other) => other.takenAt - one.takenAt);
    },
    // Of pbm's backups none can be restored here, so no drill is begun for them.
    ...(places.length === 0
      ? {}
      : {
          drill: (request, context) => drillDump(input, lister, request, context),
          take: (chain, context) => takeDump(place, lister, chain, context),
          discard: endScratchProcesses,
        }),
    strategy: (folder) => dumpStrategy(input, folder),
  };
}
