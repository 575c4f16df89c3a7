import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { messageOf } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { isOpen } from '../core/remediation/run.ts';
import { type CommandAgent, openCommandAgent } from './command-agent.ts';
import { type CliContext, type ExitCode, exitCodes, UsageError } from './context.ts';
import { type DecisionOptions, whoOption } from './decision-output.ts';
import { renderDrill } from './drill-report.ts';
import { renderRunbook } from './drill-runbook.ts';
import { followRun } from './follow-run.ts';
import { openRemediation } from './open-remediation.ts';
import { selectTargets } from './select-targets.ts';
import { untilInterrupted } from './until-interrupted.ts';

interface DrillOptions extends DecisionOptions {
  readonly chain?: string;
  readonly backup?: string;
  readonly until?: number;
  readonly take?: boolean;
  readonly runbook?: string | true;
}

const notes = `
It restores a backup into a private folder (remediation.scratch), checks what came out, measures it, and wipes the folder; the target itself is
only read. Exit code 0 when everything in it was as it should be, 1 when not, 2 when it could not begin.`;

export function addDrill(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  program
    .command('drill <target>')
    .description('prove that a backup of a target can be restored, and how long it takes')
    .option('--chain <name>', "only backups of this entry of the target's backups")
    .option('--backup <name>', 'only this backup, as backup list names it')
    .option(
      '--until <time>',
      'to this moment (ISO 8601), where a log is archived beside the backup',
      momentOf,
    )
    .option(
      '--take',
      'first make a new backup in that chain; restoring it counts for nothing, a later drill of it does',
    )
    .option(
      '--runbook [file]',
      'print (or write) the recovery procedure of the last drill that worked, and do nothing else',
    )
    .addOption(whoOption())
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (target: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<DrillOptions>();
      const work = options.runbook === undefined ? drill : writeRunbook;
      finish(await work(target, options, context));
    });
}

function momentOf(text: string): number {
  const time = Date.parse(text);
  if (/^\d{4}-\d\d-\d\dT/.test(text) && Number.isFinite(time)) return time;
  throw new InvalidArgumentError('write a moment such as 2026-11-24T03:00:00Z.');
}

async function drill(target: string, options: DrillOptions, context: CliContext): Promise<ExitCode> {
  await using agent = await openCommandAgent(options, context);
  assertTarget(agent, target);
  const { control } = agent;
  const { chain, backup, until, take } = options;
  const request = {
    ...(chain === undefined ? {} : { chain }),
    ...(backup === undefined ? {} : { backup }),
    ...(until === undefined ? {} : { until }),
    ...(take === true ? { take } : {}),
  };
  const by = options.as ?? context.user;
  const begun = await control.start({ pipeline: 'backup', target, by, request });
  if (!begun.ok || begun.run === undefined) {
    context.writeNote(`reeve: ${printable(begun.text)}\n`);
    return exitCodes.notFine;
  }
  using interruption = untilInterrupted(context);
  const { run } = await followRun(begun.run.id, ({ state }) => !isOpen(state), {
    ...context,
    control,
    signal: interruption.signal,
  });
  if (isOpen(run.state)) {
    const text = `the drill goes on without you: ${agent.commandOf(`runs show ${run.id}`)}; to stop it: ${agent.commandOf(`runs cancel ${run.id}`)}`;
    context.writeNote(
      agent.runs === 'daemon' ? `${text}\n` : 'the drill is interrupted; the next agent does it again\n',
    );
    return exitCodes.notFine;
  }
  const proof = (await control.drills(target, 10)).find(({ runId }) => runId === run.id);
  if (options.json === true)
    await context.writeData(`${JSON.stringify({ run, drill: proof ?? null }, undefined, 2)}\n`);
  else if (proof !== undefined) await context.writeData(renderDrill(proof, agent.commandOf));
  if (proof === undefined) context.writeNote(`reeve: ${printable(run.reason)}\n`);
  return run.state === 'verified' ? exitCodes.ok : exitCodes.notFine;
}

async function writeRunbook(target: string, options: DrillOptions, context: CliContext): Promise<ExitCode> {
  await using agent = await openRemediation(options, context);
  assertTarget(agent, target);
  const { chain } = options;
  const proof = (await agent.control.drills(target, 100)).find(
    (each) => each.verdict === 'verified' && (chain === undefined || each.chain === chain),
  );
  if (proof === undefined) {
    const which = chain === undefined ? '' : ` of chain ${chain}`;
    context.writeNote(
      `reeve: no drill${which} of ${target} has worked yet, so nothing is known to work: ${agent.commandOf(`drill ${target}`)}\n`,
    );
    return exitCodes.notFine;
  }
  await putRunbook(renderRunbook(proof), options.runbook, context);
  return exitCodes.ok;
}

async function putRunbook(text: string, file: string | true | undefined, context: CliContext): Promise<void> {
  if (typeof file !== 'string') {
    await context.writeData(text);
    return;
  }
  await writeFile(file, text).catch((thrown: unknown) => {
    throw new UsageError(`cannot write ${file}: ${messageOf(thrown)}`);
  });
  context.writeNote(`${file} is written\n`);
}

function assertTarget({ config }: Pick<CommandAgent, 'config'>, target: string): void {
  selectTargets(config, [target]);
}
