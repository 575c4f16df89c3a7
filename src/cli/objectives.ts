import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Engine } from '../core/engine.ts';
import { type ObjectiveState, objectiveStates } from '../core/judgement.ts';
import { type ObjectiveId, objectiveIds } from '../core/objective.ts';
import { askControl } from './ask-control.ts';
import { commandLine } from './command-line.ts';
import { createConfigInForce } from './config-in-force.ts';
import { type CliContext, type ExitCode, exitCodes, type GlobalOptions } from './context.ts';
import { renderObjectivesReport } from './objectives-report.ts';
import { openLog } from './open-log.ts';
import { createScorecard, narrowScorecard, type Scorecard } from './scorecard.ts';
import { parseScorecard } from './scorecard-json.ts';
import { appendValue, selectTargets } from './select-targets.ts';
import { storedJudgements } from './stored-scorecard.ts';

interface ObjectivesOptions extends GlobalOptions {
  readonly target?: readonly string[];
  readonly objective?: readonly ObjectiveId[];
  readonly state?: readonly ObjectiveState[];
  readonly json?: boolean;
  readonly exitCode?: boolean;
}

export function addObjectives(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  program
    .command('objectives')
    .description('print the scorecard: what is breached, unknown and met, and what to do next')
    .option('--target <id>', 'only this target; may be repeated', appendValue)
    .addOption(choiceOption('--objective <id>', 'only this objective; may be repeated', objectiveIds))
    .addOption(
      choiceOption('--state <state>', 'only what is in this state; may be repeated', objectiveStates),
    )
    .option('--json', 'print JSON; times are Unix time in milliseconds, what is not known is left out')
    .option('--exit-code', 'exit with 1 when anything that was asked for is breached')
    .addHelpText('after', notes)
    .action(async (_: unknown, command: Command) =>
      finish(await objectives(command.optsWithGlobals<ObjectivesOptions>(), context)),
    );
}

const notes = `
A running agent is asked over its control socket. Without one the store is read: what was met
then is unknown now, and a breach stays open until somebody sees that it is over.`;

/** An option for several of these; commander checks the names. */
function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, description).choices(choices);
  const check = option.parseArg;
  return option.argParser((value: string, before: readonly string[] | undefined) => {
    check?.(value, undefined);
    return appendValue(value, before);
  });
}

async function objectives(options: ObjectivesOptions, context: CliContext): Promise<ExitCode> {
  const engines = await context.loadEngines();
  const config = loadConfig({ path: options.config, env: context.env, engines });
  const targets = new Set(selectTargets(config, options.target).map(({ target }) => target.id));
  const commandOf = commandLine(context.command, options.config);
  const whole = await readScorecard(config, engines, options, context);
  const card = narrowScorecard(
    whole,
    ({ target, objective, state }) =>
      // The agent may watch targets that the file does not name any more; they are shown unless some are named.
      (options.target === undefined || targets.has(target)) &&
      (options.objective?.includes(objective) ?? true) &&
      (options.state?.includes(state) ?? true),
  );
  const isNarrow = [options.target, options.objective, options.state].some((filter) => filter !== undefined);
  await context.writeData(
    options.json === true
      ? `${JSON.stringify(card, undefined, 2)}\n`
      : renderObjectivesReport(card, { whole: isNarrow, commandOf }),
  );
  const { breached } = card.summary;
  return options.exitCode === true && breached > 0 ? exitCodes.notFine : exitCodes.ok;
}

async function readScorecard(
  config: Config,
  engines: ReadonlyMap<string, Engine>,
  options: ObjectivesOptions,
  context: CliContext,
): Promise<Scorecard> {
  const { clock } = context;
  const commandOf = commandLine(context.command, options.config);
  const socketPath = join(config.store.path, 'control.sock');
  const answer = await askControl(socketPath, '/api/v1/objectives');
  if (answer === undefined) {
    const log = await openLog(context, createConfigInForce(config), options.logLevel ?? 'error');
    const input = { store: config.store, targets: config.targets, engines, clock, log };
    const stored = await storedJudgements(input);
    return createScorecard({ at: clock.now(), agent: 'stopped', ...stored, commandOf });
  }
  const card = answer.status === 200 ? parseScorecard(answer.body) : undefined;
  if (card === undefined) {
    const what = answer.status === 200 ? 'something else than a scorecard' : `status ${answer.status}`;
    throw new Error(`the agent at ${socketPath} answered ${what}; is it of another version?`);
  }
  return createScorecard({ ...card, judgements: card.objectives, commandOf });
}
