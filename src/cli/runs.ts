import { type Command, InvalidArgumentError, Option } from 'commander';
import { isOpen, type RunState, runStates } from '../core/remediation/run.ts';
import { renderRunReport } from '../core/remediation/run-report-text.ts';
import { type PipelineId, pipelineIds } from '../core/remediation/settings.ts';
import { type CliContext, type ExitCode, exitCodes, type GlobalOptions } from './context.ts';
import { openRemediationView } from './open-remediation.ts';
import { addRunDecisions } from './run-decisions.ts';
import { renderRunList } from './run-list.ts';
import { appendValue } from './select-targets.ts';

interface ListOptions extends GlobalOptions {
  readonly target?: string;
  readonly pipeline?: PipelineId;
  readonly state?: readonly RunState[];
  readonly open?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

interface ShowOptions extends GlobalOptions {
  readonly json?: boolean;
}

const usualRuns = 50;
const mostRuns = 1_000;

export function addRuns(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  const runs = program
    .command('runs')
    .description('what remediation plans, did and left: list, show, decide');
  runs
    .command('list')
    .description('list runs, those changed last first')
    .option('--target <id>', 'only of this target')
    .addOption(new Option('--pipeline <id>', 'only of this pipeline').choices(pipelineIds))
    .addOption(stateOption())
    .option('--open', 'only those in which something may still happen')
    .addOption(
      new Option('--limit <count>', `at most this many, up to ${mostRuns}`)
        .default(usualRuns)
        .argParser(parseLimit),
    )
    .option('--json', 'print a JSON array; times are Unix time in milliseconds')
    .action(async (_: unknown, command: Command) =>
      finish(await list(command.optsWithGlobals<ListOptions>(), context)),
    );
  runs
    .command('show <run>')
    .description(
      'show a run: why, exact statements, undo, rehearsal, evidence, who approved, what was done, what next',
    )
    .option('--json', 'print JSON, evidence with its figures included')
    .action(async (id: string, _: unknown, command: Command) =>
      finish(await show(id, command.optsWithGlobals<ShowOptions>(), context)),
    );
  addRunDecisions(runs, context, finish);
}

function stateOption(): Option {
  const option = new Option('--state <state>', 'only in this state; may be repeated').choices(runStates);
  const check = option.parseArg;
  return option.argParser((value: string, before: readonly string[] | undefined) => {
    check?.(value, undefined);
    return appendValue(value, before);
  });
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= mostRuns) return limit;
  throw new InvalidArgumentError(`write a whole number from 1 to ${mostRuns}.`);
}

async function list(options: ListOptions, context: CliContext): Promise<ExitCode> {
  const { target, pipeline, limit, json } = options;
  const states = options.state ?? (options.open === true ? runStates.filter(isOpen) : undefined);
  await using opened = await openRemediationView(options, context);
  const { control, agent, commandOf } = opened;
  const runs = await control.runs({
    ...(target === undefined ? {} : { target }),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(states === undefined ? {} : { states }),
    limit,
  });
  if (json === true) {
    await context.writeData(`${JSON.stringify(runs, undefined, 2)}\n`);
    return exitCodes.ok;
  }
  const status = await control.status();
  const now = context.clock.now();
  await context.writeData(
    renderRunList(runs, { status, agent, now, commandOf, isWhole: runs.length < limit }),
  );
  return exitCodes.ok;
}

async function show(id: string, options: ShowOptions, context: CliContext): Promise<ExitCode> {
  await using opened = await openRemediationView(options, context);
  const report = await opened.control.show(id);
  if (report === undefined) {
    context.writeNote(`reeve: there is no run ${id}: ${opened.commandOf('runs list')} names them\n`);
    return exitCodes.notFine;
  }
  const { commandOf } = opened;
  await context.writeData(
    options.json === true
      ? `${JSON.stringify(report, undefined, 2)}\n`
      : renderRunReport(report, { now: context.clock.now(), commandOf }),
  );
  return exitCodes.ok;
}
