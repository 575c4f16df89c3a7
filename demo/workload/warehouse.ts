import { addQuestion } from '../servers/warehouse-jobs.ts';
import { repeat, sleep } from '../sleep.ts';
import type { Stage } from '../stage.ts';

const pauseMs = 5 * 60_000;

/** Somebody goes on asking the double of BigQuery. Ends with the signal. */
export async function runWarehouse(
  { warehouse }: Pick<Stage, 'warehouse'>,
  signal: AbortSignal,
): Promise<void> {
  await sleep(pauseMs, signal);
  await repeat(pauseMs, signal, async () => addQuestion(warehouse.double.inventory, Date.now() - 2_000, 1.2));
}
