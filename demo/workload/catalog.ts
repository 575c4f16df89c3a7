import { startWorkload } from '../../tests/support/mongod/workload.ts';
import { members, products, usedByReports, usedByShop } from '../servers/catalog.ts';
import { repeat } from '../sleep.ts';
import type { Stage } from '../stage.ts';

/** An invented workload in the double of mongod, and reports on its hidden member. Ends with the signal. */
export async function runCatalog(
  { catalog: { set } }: Pick<Stage, 'catalog'>,
  signal: AbortSignal,
): Promise<void> {
  using _shop = startWorkload(set, {
    operationsPerSecond: 400,
    indexes: usedByShop.map((name) => ({ namespace: products, name })),
  });
  await repeat(1_000, signal, async () => set.use(products, usedByReports, 2, members.reports));
}
