import {
  judgeMigrationNames,
  type MigrationOperations,
  migrationStatuses,
  type PlanDraft,
  type Refusal,
} from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import { judgeFile } from './judge-migration.ts';
import { migrationFactsOf } from './migration-facts.ts';
import { fingerprintOf } from './migration-files.ts';
import { readHistory } from './migration-history.ts';

/** What people ask about their files, with and without a database. */
export function createMigrationOperations(access: Access): MigrationOperations {
  return {
    status: (files, { signal }) =>
      access.reading(undefined, signal, async (connection) =>
        migrationStatuses(files, await readHistory(connection, signal), fingerprintOf),
      ),
    judgeFiles: async (files) => [
      ...judgeMigrationNames(files),
      ...(await Promise.all(files.map(judgeFile))).flatMap(({ refusals }) => refusals),
    ],
  };
}

/** A plan of migrations, judged again: statement by statement, and that its acts are the files that it was made for. */
export async function judgeMigrationPlan(plan: PlanDraft): Promise<readonly Refusal[]> {
  const { files } = migrationFactsOf(plan);
  const refusals: Refusal[] = [];
  for (const { id, statement, undo } of plan.acts) {
    const [down = ''] = undo;
    const known = files.find(({ name }) => name === id);
    if (undo.length !== 1 || known?.sha256 !== fingerprintOf({ up: statement, down }))
      refusals.push({ id: 'text_unchanged', text: `${id}: its text is not the one that was planned` });
    const judged = await judgeFile({ name: id, up: statement, down, tool: known?.tool ?? 'reeve' });
    refusals.push(...judged.refusals);
  }
  return refusals;
}
