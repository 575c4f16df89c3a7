import { findNoBackups, recordChain } from '../../../src/sdk.ts';
import type { BigqueryContext } from '../metrics.ts';
import { nameText } from '../operations/table-resource.ts';
import type { WarehouseApi } from '../operations/warehouse-api.ts';
import type { BackupChains } from './chains.ts';
import { listChain, uncovered } from './list-chain.ts';

const remedies = {
  snapshot: {
    damaged: 'look whether the snapshot can be read, and who deleted it',
    old: 'look at the scheduled query that takes them; reeve drill TARGET --take makes one now',
  },
  time_travel: {
    damaged: 'bring the table back within the window, or take it out of backups of the target',
    old: '',
  },
} as const;

/** Age, size and health of the snapshots that are kept, and whether tables that can only be read back are there. Free requests. */
export async function readBackups(
  api: WarehouseApi,
  { project, backups }: { readonly project: string; readonly backups: BackupChains },
  context: BigqueryContext,
): Promise<void> {
  const chains = Object.entries(backups);
  if (chains.length === 0)
    return findNoBackups(
      context,
      'BigQuery itself keeps what was deleted for 2 to 7 days (time travel), and no longer',
    );
  for (const chain of chains)
    await context.attempt(chain[0], async (inner) => {
      const [name, settings] = chain;
      const found = await listChain(api, project, chain, inner.now, inner.signal);
      const isReadBack = settings.kind !== 'snapshot';
      recordChain(inner, { chain: name, backups: found, isReadBack, remedies: remedies[settings.kind] });
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
