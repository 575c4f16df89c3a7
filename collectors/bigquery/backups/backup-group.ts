import type { BackupFound } from '../../../src/sdk.ts';
import type { BigqueryContext } from '../metrics.ts';
import { nameText } from '../operations/table-resource.ts';
import type { WarehouseApi } from '../operations/warehouse-api.ts';
import type { BackupChains } from './chains.ts';
import { listChain, oldestMs, uncovered } from './list-chain.ts';

const mostRows = 20;

/** Age and size of the snapshots that are kept, and whether tables that can only be read back are there. Free requests. */
export async function readBackups(
  api: WarehouseApi,
  { project, backups }: { readonly project: string; readonly backups: BackupChains },
  context: BigqueryContext,
): Promise<void> {
  const chains = Object.entries(backups);
  if (chains.length === 0) {
    context.find({
      code: 'no_backups_configured',
      severity: 'info',
      subject: project,
      message:
        'nobody told Reeve of snapshot tables; BigQuery itself keeps what was deleted for 2 to 7 days (time travel), and no longer',
      remedy: "name them in the target's `backups`; without any: reeve backup init",
    });
    return;
  }
  for (const chain of chains)
    await context.attempt(chain[0], async (inner) => {
      const found = await listChain(api, project, chain, inner.now, inner.signal);
      recordChain(chain[0], found, inner);
      const [name, settings] = chain;
      if (settings.kind !== 'snapshot') return;
      const missing = await uncovered(api, project, settings, found, inner.now, inner.signal);
      if (missing.length > 0)
        inner.find({
          code: 'tables_without_snapshot',
          severity: 'warning',
          subject: name,
          message: `${missing.length} tables have no snapshot of the last day in chain ${name}: ${missing.slice(0, 5).map(nameText).join(', ')}`,
          remedy: 'look at the scheduled query that takes them; reeve drill TARGET --take makes them now',
        });
    });
}

function recordChain(chain: string, found: readonly BackupFound[], context: BigqueryContext): void {
  const damaged = found.filter(({ health }) => health === 'damaged');
  context.record('backupsDamaged', damaged.length, { chain });
  const [worst] = damaged;
  if (worst !== undefined)
    context.find({
      code: 'backup_damaged',
      severity: 'critical',
      subject: chain,
      message: `${worst.name}: ${worst.detail}`,
      remedy: 'bring the table back within the window, or take it out of backups of the target',
    });
  context.detail('backups', found.slice(0, mostRows).map(rowOf));
  const kept = found.filter(({ isRetained }) => isRetained);
  const [newest] = kept;
  if (newest !== undefined) {
    const ageSeconds = (at: number): number => Math.max(0, context.now - at) / 1_000;
    context.record('backupAgeSeconds', ageSeconds(newest.takenAt), { chain });
    context.record('backupRecoverableAgeSeconds', ageSeconds(newest.recoverableUntil), { chain });
    context.record('backupBytes', newest.bytes ?? undefined, { chain });
  }
  const isSnapshots = found.every(({ kind }) => kind === 'snapshot');
  if (isSnapshots && newest === undefined)
    context.find({
      code: 'backup_missing',
      severity: 'warning',
      subject: chain,
      message: `chain ${chain} holds no snapshot`,
      remedy: 'look whether they are taken, and in which dataset: `backups` of the target names it',
    });
  if (newest !== undefined && context.now - newest.takenAt > oldestMs)
    context.find({
      code: 'backup_old',
      severity: 'warning',
      subject: chain,
      message: `the newest snapshot of chain ${chain}, ${newest.name}, is ${Math.floor((context.now - newest.takenAt) / 3_600_000)} h old`,
      remedy: 'look at the scheduled query that takes them; reeve drill TARGET --take makes one now',
    });
}

function rowOf(backup: BackupFound) {
  const { chain, kind, name, bytes, health, detail, isRetained } = backup;
  return {
    chain,
    kind,
    name,
    takenAt: new Date(backup.takenAt).toISOString(),
    bytes,
    health,
    detail,
    isRetained,
  };
}
