import { randomBytes } from 'node:crypto';
import { printable } from '../core/printable.ts';
import type { MigrationState, MigrationStatus } from '../core/remediation/migrations.ts';
import { momentText } from '../core/remediation/run-report-text.ts';
import { type CliContext, type ExitCode, exitCodes, UsageError } from './context.ts';
import type { MigrateOptions } from './migrate-options.ts';
import { readMigrations } from './migration-files.ts';
import { alignRows } from './text-table.ts';
import { withOperations } from './with-operations.ts';

export type StatusOptions = MigrateOptions;

const deadlineMs = 60_000;

/** What a person should know of a file in this state. */
const meanings: Readonly<Record<MigrationState, string>> = {
  pending: 'to be applied',
  applying: 'begun and not ended: see its run',
  applied: '',
  changed: 'the file was changed after it was applied: bring back its text, and write a new migration',
  missing: 'applied, and its file is gone: bring it back',
};

export async function showMigrations(
  folder: string,
  options: StatusOptions,
  context: CliContext,
): Promise<ExitCode> {
  const files = await readMigrations(folder, options.tool);
  return withOperations(options.target, options, context, async ({ operations, configured, redact }) => {
    if (operations?.migrations === undefined)
      throw new UsageError(`Reeve applies no migrations on ${configured.target.engine}`);
    const found = await operations.migrations.status(files, {
      signal: AbortSignal.timeout(deadlineMs),
      runId: `m-${randomBytes(6).toString('hex')}`,
      evidence: () => undefined,
    });
    const text = options.json === true ? `${JSON.stringify(found, undefined, 2)}\n` : table(found);
    await context.writeData(redact(text));
    const isWrong = found.some(
      ({ state }) => state === 'changed' || state === 'missing' || state === 'applying',
    );
    return isWrong ? exitCodes.notFine : exitCodes.ok;
  });
}

function table(found: readonly MigrationStatus[]): string {
  const rows = found.map(({ name, state, at, runId }) => [
    printable(name),
    state,
    at === undefined ? '' : momentText(at),
    runId ?? '',
    meanings[state],
  ]);
  return `${alignRows([['MIGRATION', 'STATE', 'SINCE', 'RUN', 'NOTE'], ...rows]).join('\n')}\n`;
}
