import type { BackupFound, DetailRow, Workload } from '../../../src/sdk.ts';
import type { RedisContext } from '../metrics.ts';
import type { BackupLister } from './list-backups.ts';

/** A backup a night, and two hours to make it in. */
const oldestMs = 26 * 3_600_000;

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
  if (chains.length === 0) {
    context.find({
      code: 'no_backups_configured',
      severity: 'info',
      subject: '',
      message:
        'nobody told Reeve where the backups of this store are, so neither their age nor their restore is known',
      remedy: "name them in the target's `backups`; without any: reeve backup init",
    });
    return;
  }
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
    recordChain(
      chain,
      backups.filter((backup) => backup.chain === chain),
      context,
    );
  }
}

function recordChain(chain: string, own: readonly BackupFound[], context: RedisContext): void {
  const damaged = own.filter(({ health }) => health === 'damaged');
  const [newest] = own.filter(({ health }) => health !== 'damaged');
  context.record('backupsDamaged', damaged.length, { chain });
  if (newest !== undefined) {
    const ageSeconds = (at: number): number => Math.max(0, context.now - at) / 1_000;
    context.record('backupAgeSeconds', ageSeconds(newest.takenAt), { chain });
    context.record('backupRecoverableAgeSeconds', ageSeconds(newest.recoverableUntil), { chain });
    context.record('backupBytes', newest.bytes ?? undefined, { chain });
  }
  report(chain, newest, damaged, context);
  context.detail('backups', own.slice(0, mostRows).map(rowOf));
}

function report(
  chain: string,
  newest: BackupFound | undefined,
  damaged: readonly BackupFound[],
  context: RedisContext,
): void {
  const [worst] = damaged;
  if (worst !== undefined)
    context.find({
      code: 'backup_damaged',
      severity: 'critical',
      subject: chain,
      message: `${damaged.length} backups of chain ${chain} are damaged, the newest is ${worst.name}: ${worst.detail}`,
      remedy:
        'take another one now (reeve drill TARGET --take), and look why this one was cut short: disk, transfer, a job that was killed',
    });
  if (newest === undefined)
    return context.find({
      code: 'backup_missing',
      severity: 'warning',
      subject: chain,
      message: `chain ${chain} holds no backup that can be restored`,
      remedy: 'look whether the backups run and where they are kept: `backups` of the target names the place',
    });
  const ageMs = context.now - newest.takenAt;
  if (ageMs > oldestMs)
    context.find({
      code: 'backup_old',
      severity: 'warning',
      subject: chain,
      message: `the newest backup of chain ${chain}, ${newest.name}, is ${Math.floor(ageMs / 3_600_000)} h old`,
      remedy: 'look at the job that makes it; reeve drill TARGET --take makes one now and proves it',
    });
}

/** Rows of each chain that reports show. */
const mostRows = 20;

function rowOf(backup: BackupFound): DetailRow {
  const { chain, kind, name, bytes, health, detail, isRetained } = backup;
  const takenAt = new Date(backup.takenAt).toISOString();
  return { chain, kind, name, takenAt, bytes, health, detail, isRetained };
}
