import { Command, CommanderError, Option } from 'commander';
import { ConfigError, messageOf } from '../core/errors.ts';
import { logLevels } from '../core/ports/log.ts';
import { addAudit } from './audit.ts';
import { addBacktest } from './backtest.ts';
import { addBackup } from './backup.ts';
import { addCheck } from './check.ts';
import { addCollect } from './collect.ts';
import { type CliContext, type ExitCode, exitCodes, UsageError } from './context.ts';
import { addDrill } from './drill.ts';
import { addGenerate } from './generate.ts';
import { addInit } from './init.ts';
import { addMigrate } from './migrate.ts';
import { addObjectives } from './objectives.ts';
import { addPause, addResume } from './pause.ts';
import { addQuery } from './query.ts';
import { addRun } from './run.ts';
import { addRuns } from './runs.ts';

/** Adds one command; what its action comes to is the exit code. */
export type AddCommand = (program: Command, context: CliContext, finish: (code: ExitCode) => void) => void;

const commands: readonly AddCommand[] = [
  addRun,
  addCheck,
  addCollect,
  addObjectives,
  addRuns,
  addPause,
  addResume,
  addAudit,
  addQuery,
  addMigrate,
  addDrill,
  addBackup,
  addBacktest,
  addInit,
  addGenerate,
];

/** Runs one command line (without `node` and the script) to its end and says with which code to exit. Never throws. */
export async function runCli(args: readonly string[], context: CliContext): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok;
  const program = createProgram(context, (finished) => {
    code = finished;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, args, context);
  }
}

function createProgram(context: CliContext, finish: (code: ExitCode) => void): Command {
  const program = new Command('reeve')
    .description('Watches databases, holds them to success metrics and exports what it knows.')
    .version(context.version, '-V, --version', 'print the version')
    .addOption(new Option('-c, --config <file>', 'configuration file').default('reeve.yaml'))
    .addOption(
      new Option('--log-level <level>', 'overrides log.level of the configuration').choices(logLevels),
    )
    .showSuggestionAfterError()
    .showHelpAfterError(`(${context.command} --help lists the commands)`)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    // Help that was asked for is data; commander awaits nothing, and the last write ends before the process does.
    .configureOutput({
      writeOut: (text) => void context.writeData(text),
      writeErr: (text) => context.writeNote(text),
    })
    .addHelpText('after', examples(context.command));
  for (const add of commands) add(program, context, finish);
  return program;
}

const examples = (command: string) => `
Examples:
  ${command} init postgres://reeve@db1/orders redis://cache1 > reeve.yaml
  ${command} check -c reeve.yaml       what is missing, what that blinds, and the statement that mends it
  ${command} collect --target orders   one reading to stdout
  ${command} run -c reeve.yaml         the daemon
  ${command} objectives                what is breached, unknown and met, and what to do next
  ${command} runs list                 what remediation plans and did, and what waits for you
  ${command} drill orders              prove that a backup of a target can be restored
  ${command} migrate plan ./migrations --target orders

Exit codes: 0 fine, 1 not fine, 2 the command line or the configuration cannot be used.`;

function explain(error: unknown, args: readonly string[], context: CliContext): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  context.writeNote(`reeve: ${messageOf(error)}\n`);
  if (error instanceof ConfigError || error instanceof UsageError) return exitCodes.usage;
  if (isDebug(args) && error instanceof Error) context.writeNote(`${error.stack ?? ''}\n`);
  return exitCodes.notFine;
}

function isDebug(args: readonly string[]): boolean {
  return args.some(
    (arg, index) => arg === '--log-level=debug' || (arg === '--log-level' && args[index + 1] === 'debug'),
  );
}
