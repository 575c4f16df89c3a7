import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { messageOf } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { formatQuantity } from '../core/quantity.ts';
import type { BackupFound, BackupOperations, BackupStrategy } from '../core/remediation/backups.ts';
import { momentText } from '../core/remediation/run-report-text.ts';
import { type CliContext, type ExitCode, exitCodes, type GlobalOptions, UsageError } from './context.ts';
import { durationOf } from './drill-report.ts';
import { alignRows } from './text-table.ts';
import { withOperations } from './with-operations.ts';

interface InitOptions extends GlobalOptions {
  readonly out: string;
}

interface ListOptions extends GlobalOptions {
  readonly json?: boolean;
}

const deadlineMs = 60_000;

export function addBackup(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  const backup = program
    .command('backup')
    .description('what is known of backups, and a strategy for those who have none');
  backup
    .command('list <target>')
    .description('list the backups of a target that other tools made, newest first')
    .option('--json', 'print a JSON array; times are Unix time in milliseconds')
    .action(async (target: string, _: unknown, command: Command) =>
      finish(await list(target, command.optsWithGlobals<ListOptions>(), context)),
    );
  backup
    .command('init <target>')
    .description('write a backup strategy for a target: script, schedule, retention, restore command')
    .option('--out <folder>', 'where the files are written; it must be new or empty', 'backup')
    .addHelpText(
      'after',
      '\nNothing is installed or run, and nothing on the target is changed. A drill then proves it.',
    )
    .action(async (target: string, _: unknown, command: Command) =>
      finish(await init(target, command.optsWithGlobals<InitOptions>(), context)),
    );
}

async function list(target: string, options: ListOptions, context: CliContext): Promise<ExitCode> {
  return withBackups(target, options, context, async (backups, redact) => {
    if (backups.chains.length === 0 && options.json !== true)
      context.writeNote(
        `note: no backups are configured for ${target}, so none are looked for; to begin: ${context.command} backup init ${target}\n`,
      );
    const found = await backups.list({
      signal: AbortSignal.timeout(deadlineMs),
      runId: `b-${randomBytes(6).toString('hex')}`,
      evidence: () => undefined,
    });
    const text =
      options.json === true ? `${JSON.stringify(found, undefined, 2)}\n` : table(found, context.clock.now());
    await context.writeData(redact(text));
    return found.some(({ health }) => health === 'damaged') ? exitCodes.notFine : exitCodes.ok;
  });
}

function table(found: readonly BackupFound[], now: number): string {
  if (found.length === 0) return 'No backups.\n';
  const rows = found.map(({ chain, kind, name, takenAt, recoverableUntil, bytes, health, detail }) => [
    chain,
    kind,
    printable(name),
    momentText(takenAt),
    durationOf(Math.max(0, now - recoverableUntil)),
    bytes === null ? 'unknown' : formatQuantity(bytes, 'bytes'),
    health === 'damaged' ? 'DAMAGED' : health,
    printable(detail),
  ]);
  return `${alignRows([['CHAIN', 'KIND', 'NAME', 'TAKEN', 'WOULD LOSE', 'SIZE', 'HEALTH', 'DETAIL'], ...rows]).join('\n')}\n`;
}

async function init(target: string, options: InitOptions, context: CliContext): Promise<ExitCode> {
  const folder = resolve(options.out);
  return withBackups(target, options, context, async (backups) => {
    const strategy = backups.strategy(folder);
    await writeFiles(folder, strategy);
    await context.writeData(described(strategy, folder));
    return exitCodes.ok;
  });
}

/** Never over something that is there: a script in use is somebody's backup. */
async function writeFiles(folder: string, { files }: BackupStrategy): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o750 });
    for (const { name, text, isExecutable } of files) {
      const path = join(folder, name);
      await writeFile(path, text, { flag: 'wx' });
      await chmod(path, isExecutable ? 0o750 : 0o640);
    }
  } catch (thrown) {
    const isThere = thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST';
    throw new UsageError(
      isThere
        ? `${messageOf(thrown)}: nothing is written over; name another folder with --out`
        : `cannot write to ${folder}: ${messageOf(thrown)}`,
    );
  }
}

function described({ summary, files, configLines, next }: BackupStrategy, folder: string): string {
  return [
    summary,
    '',
    'Written:',
    ...files.map(({ name }) => `  ${join(folder, name)}`),
    '',
    "Put into the target's entry of the configuration:",
    ...configLines.map((line) => `    ${line}`),
    '',
    'Then:',
    ...next.map((step, index) => `  ${index + 1}. ${step}`),
    '',
  ].join('\n');
}

function withBackups(
  target: string,
  options: GlobalOptions,
  context: CliContext,
  work: (backups: BackupOperations, redact: (text: string) => string) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withOperations(target, options, context, ({ operations, configured, redact }) => {
    if (operations?.backups === undefined)
      throw new UsageError(`Reeve knows nothing of backups on ${configured.target.engine}`);
    return work(operations.backups, redact);
  });
}
