import { dirname } from 'node:path';
import type { BackupOperations, OperationContext } from '../../../src/sdk.ts';
import { type RedisOperationsInput, withMembers } from '../operations/place.ts';
import { discardScratch } from './discard-scratch.ts';
import { drillBackup } from './drill.ts';
import { BackupLister, type BackupListing } from './list-backups.ts';
import { foldersOf } from './server-folders.ts';
import { backupStrategy } from './strategy.ts';
import { takeBackup } from './take-backup.ts';

/** What is known of the backups of a Redis target, and the proof that they can be restored. */
export function redisBackups(input: RedisOperationsInput): BackupOperations {
  const { backups } = input.options;
  const lister = new BackupLister(backups);
  const list = async ({ signal }: Pick<OperationContext, 'signal'>): Promise<BackupListing> =>
    lister.list(await ownFolders(input, signal), signal);
  return {
    chains: Object.keys(backups),
    places: Object.values(backups).map(({ path, kind }) =>
      kind === 'rdb' && path.endsWith('.rdb') ? dirname(path) : path,
    ),
    list: async (context) => {
      const listing = await list(context);
      for (const { text } of listing.problems) context.evidence({ kind: 'precheck', title: text, body: {} });
      return listing.backups;
    },
    take: (chain, context) => takeBackup(input, chain, context),
    drill: async (request, context) => drillBackup(input, request, await list(context), context),
    discard: (folder) => discardScratch(folder, input.clock),
    strategy: (folder) => backupStrategy(input, folder),
  };
}

/** Empty while the target does not answer: its backups are listed all the same. */
async function ownFolders(input: RedisOperationsInput, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return await withMembers(input, signal, (members) =>
      foldersOf(
        members.map(({ connection }) => ({ connection: () => connection })),
        signal,
      ),
    );
  } catch {
    signal.throwIfAborted();
    return [];
  }
}
