import { findNoBackups, recordChain, type Workload } from '../../../src/sdk.ts';
import type { RedisContext } from '../metrics.ts';
import type { BackupLister } from './list-backups.ts';

const remedies = {
  damaged:
    'take another one now (reeve drill TARGET --take), and look why this one was cut short: disk, transfer, a job that was killed',
  old: 'look at the job that makes it; reeve drill TARGET --take makes one now, and a later drill proves it',
} as const;

export interface BackupGroup {
  readonly lister: BackupLister;
  readonly chains: readonly string[];
  readonly workload: Workload | undefined;
  /** Where the server keeps its own files; empty where nobody can say. */
  readonly serverFolders: () => Promise<readonly string[]>;
}

/** Age, size and health of what is kept, by chain. Reads files of this machine, and one setting of the server. */
export async function readBackups(
  { lister, chains, workload, serverFolders }: BackupGroup,
  context: RedisContext,
): Promise<void> {
  const isUnneeded = chains.length === 0 && workload === 'cache';
  context.record('backupsUnneeded', Number(isUnneeded), {});
  if (isUnneeded) return;
  context.record('backupChains', chains.length, {});
  if (chains.length === 0) return findNoBackups(context);
  const { backups, problems } = await lister.list(await serverFolders(), context.signal);
  for (const { chain, text } of problems)
    context.find({
      code: 'backups_unreadable',
      severity: 'warning',
      subject: chain,
      message: text,
      remedy: 'correct backups of the target, or let the agent read the folder',
    });
  const unread = new Set(problems.map(({ chain }) => chain));
  for (const chain of chains) {
    if (unread.has(chain)) continue;
    const own = backups.filter((backup) => backup.chain === chain);
    recordChain(context, { chain, backups: own, remedies });
  }
}
