import { type BackupOperations, messageOf } from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import { discardDrill } from './discard.ts';
import { drillBackup } from './drill.ts';
import { listChain, placesOf, toolPlaces } from './list.ts';
import { backupStrategy } from './strategy.ts';
import { takeBackup } from './take.ts';

/** Knowing the backups of one target, and proving that they can be restored. */
export function createBackups(access: Access): BackupOperations {
  const { options, clock, log, target } = access.input;
  return {
    chains: Object.keys(options.backups),
    places: placesOf(options),
    list: async ({ signal }) => {
      const lists = await Promise.allSettled(
        Object.entries(options.backups).map(([name, chain]) =>
          listChain(name, chain, toolPlaces(options), signal),
        ),
      );
      signal.throwIfAborted();
      const faults = lists.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
      // One chain that cannot be looked at does not hide the others; the collector's group says which it is.
      if (faults.length > 0 && faults.length === lists.length) throw faults[0];
      for (const fault of faults)
        log.warn('a chain of backups could not be read', { target: target.id, error: messageOf(fault) });
      const found = lists.flatMap((each) =>
        each.status === 'fulfilled' ? each.value.map((backup) => backup.found) : [],
      );
      return found.toSorted((a, b) => b.takenAt - a.takenAt);
    },
    take: (chain, context) => takeBackup(access, chain, context),
    drill: (request, context) => drillBackup(access, request, context),
    discard: (folder) => discardDrill(folder, clock),
    strategy: (folder) => backupStrategy(access.input.target.id, options, folder),
  };
}
