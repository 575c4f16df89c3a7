import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { Config, ConfiguredTarget } from '../config/config.ts';
import { messageOf } from '../core/errors.ts';
import type { Operations, QueryCheckReport } from '../core/remediation/operations.ts';
import { type CliContext, type ExitCode, exitCodes, type GlobalOptions, UsageError } from './context.ts';
import { renderQueryReport } from './query-report.ts';
import { withOperations } from './with-operations.ts';

interface QueryCheckOptions extends GlobalOptions {
  readonly target: string;
  readonly parameters?: readonly string[];
  readonly maxSequentialRows: number;
  readonly json?: boolean;
}

const defaultMostRows = 10_000;
/** A file is checked within this, whatever its statements do. */
const deadlineMs = 30 * 60_000;

export function addQuery(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  program
    .command('query')
    .description('judge SQL before it is deployed')
    .command('check <file>')
    .description('judge each statement of a file, and its plan on a rehearsal target: for pull requests')
    .requiredOption('--target <id>', 'the rehearsal target on which the statements are explained')
    .option('--parameters <values>', 'values of $1, $2 … in order, separated by commas', splitValues)
    .option(
      '--max-sequential-rows <rows>',
      'fail when a table is read as a whole and more rows than this are read',
      wholeNumber,
      defaultMostRows,
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nWhat only reads is run, in a transaction that is rolled back; what writes is only planned.\nExit code 0 when every statement passed, 1 when one failed, 2 when nothing could be checked.',
    )
    .action(async (file: string, _: unknown, command: Command) =>
      finish(await checkFile(file, command.optsWithGlobals<QueryCheckOptions>(), context)),
    );
}

async function checkFile(file: string, options: QueryCheckOptions, context: CliContext): Promise<ExitCode> {
  return withOperations(
    options.target,
    options,
    context,
    async ({ config, configured, operations, redact }) => {
      assertRehearsal(config, configured);
      const text = await readText(file);
      const report = await askEngine(
        { operations, engine: configured.target.engine },
        { file, text },
        options,
      ).catch((thrown: unknown) => {
        if (thrown instanceof UsageError) throw thrown;
        throw new UsageError(
          redact(`${file} could not be checked on target "${options.target}": ${messageOf(thrown)}`),
        );
      });
      await context.writeData(
        redact(
          options.json === true
            ? `${JSON.stringify({ file, ...report }, undefined, 2)}\n`
            : renderQueryReport(file, report),
        ),
      );
      return report.statements.some(({ verdict }) => verdict === 'failed') ? exitCodes.notFine : exitCodes.ok;
    },
  );
}

async function askEngine(
  { operations, engine }: { readonly operations: Operations | undefined; readonly engine: string },
  source: { readonly file: string; readonly text: string },
  { target, maxSequentialRows, parameters = [] }: QueryCheckOptions,
): Promise<QueryCheckReport> {
  if (operations?.checkQueries === undefined)
    throw new UsageError(`engine ${engine} of target "${target}" checks no queries`);
  return operations.checkQueries(
    { ...source, mostSequentialRows: maxSequentialRows, parameters },
    {
      signal: AbortSignal.timeout(deadlineMs),
      runId: `q-${randomBytes(6).toString('hex')}`,
      evidence: () => undefined,
    },
  );
}

/** Statements are run there: never where customers are. */
function assertRehearsal({ targets }: Config, { target }: ConfiguredTarget): void {
  const user = targets.find(({ remediation }) => remediation.rehearsal === target.id);
  const environment = target.labels['environment'];
  const isProduction = environment !== undefined && /^prod/i.test(environment);
  if (isProduction)
    throw new UsageError(
      `target "${target.id}" has the label environment: ${environment}, and statements are not run there: name its rehearsal target with --target`,
    );
  if (user !== undefined || environment !== undefined) return;
  throw new UsageError(
    `target "${target.id}" is not known to be a rehearsal target: set remediation: { rehearsal: ${target.id} } at the target it stands in for, or labels: { environment: development } at "${target.id}" itself`,
  );
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw new UsageError(`cannot read ${file}: ${messageOf(thrown)}`);
  }
}

function splitValues(values: string): readonly string[] {
  return values.split(',');
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('It is a whole number, such as 10000.');
  return value;
}
