import type {
  MigrationFile,
  MigrationOperations,
  MigrationStatus,
  OperationContext,
  PlanDraft,
  Refusal,
} from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import { judgeFile } from './judge-migration.ts';
import { migrationFactsOf } from './migration-facts.ts';
import { compareNames, fingerprintOf, judgeNames } from './migration-files.ts';
import { type HistoryRow, readHistory } from './migration-history.ts';

/** What people ask about their files, with and without a database. */
export function createMigrationOperations(access: Access): MigrationOperations {
  return {
    status: (files, context) => readStatus(access, files, context),
    judgeFiles: async (files) => [
      ...judgeNames(files),
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

function readStatus(
  access: Access,
  files: readonly MigrationFile[],
  { signal }: OperationContext,
): Promise<readonly MigrationStatus[]> {
  return access.reading(undefined, signal, async (connection) => {
    const history = new Map((await readHistory(connection, signal)).map((row) => [row.name, row]));
    const own = files.map((file) => statusOf(file, history.get(file.name)));
    const names = new Set(files.map(({ name }) => name));
    const missing = [...history.values()]
      .filter(({ name }) => !names.has(name))
      .map(({ name, sha256, at, runId }) => ({ name, sha256, state: 'missing' as const, at, runId }));
    return [...own, ...missing].toSorted((one, other) => compareNames(one.name, other.name));
  });
}

function statusOf(file: MigrationFile, row: HistoryRow | undefined): MigrationStatus {
  const { name } = file;
  const sha256 = fingerprintOf(file);
  if (row === undefined) return { name, sha256, state: 'pending', at: undefined, runId: undefined };
  const { at, runId } = row;
  if (row.sha256 !== sha256) return { name, sha256, state: 'changed', at, runId };
  return { name, sha256, state: row.state === 'applied' ? 'applied' : 'applying', at, runId };
}
