import { Argument, type Command, Option } from 'commander';
import type { ControlAnswer } from '../core/remediation/control.ts';
import { type PipelineId, pipelineIds } from '../core/remediation/settings.ts';
import { type ApproveOptions, approve, planOption, reject } from './approve.ts';
import type { CliContext, ExitCode } from './context.ts';
import { type DecisionOptions, decide, whoOption } from './decision-output.ts';
import type { OpenedRemediation } from './open-remediation.ts';

interface CancelOptions extends DecisionOptions {
  readonly undo?: boolean;
}

interface StartOptions extends DecisionOptions {
  readonly subject?: string;
}

/** `approve`, `reject`, `cancel`, `retry`, `start` and `enable`. */
export function addRunDecisions(runs: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  const add = (name: string, description: string): Command =>
    runs.command(name).description(description).addOption(whoOption()).option('--json', 'print JSON');
  add('approve <run>', 'allow the plan of a run to be executed')
    .addOption(
      planOption(
        'the hash of the plan that you were shown, its first 12 digits at least; without it you are shown the plan and asked',
      ),
    )
    .option('--comment <text>', 'why; kept with the decision', '')
    .action(async (id: string, _: unknown, command: Command) =>
      finish(await approve(id, command.optsWithGlobals<ApproveOptions>(), context)),
    );
  add('reject <run>', 'refuse the plan of a run')
    .addOption(planOption('only if this is the hash of its plan'))
    .option('--comment <text>', 'why; kept with the decision', '')
    .action(async (id: string, _: unknown, command: Command) =>
      finish(await reject(id, command.optsWithGlobals<ApproveOptions>(), context)),
    );
  add('cancel <run>', 'end a run that has changed nothing yet')
    .option('--undo', 'also one that acts or is watched: its change is taken back')
    .action(async (id: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<CancelOptions>();
      finish(
        await decide(options, context, (opened, by) => cancel(opened, id, by, options.undo === true), later),
      );
    });
  add(
    'retry <run>',
    'begin an ended run again from its start; one that is half applied is put right at once',
  ).action(async (id: string, _: unknown, command: Command) => {
    const options = command.optsWithGlobals<DecisionOptions>();
    finish(await decide(options, context, ({ control }, by) => control.retry(id, by), later));
  });
  addStart(add, context, finish);
  add('enable <target> <action>', 'allow an action again that was taken back on a target').action(
    async (target: string, action: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<DecisionOptions>();
      finish(await decide(options, context, ({ control }, by) => control.enable(target, action, by), later));
    },
  );
}

function addStart(
  add: (name: string, description: string) => Command,
  context: CliContext,
  finish: (code: ExitCode) => void,
): void {
  add('start', 'begin a pipeline on a target; what it finds is decided on like any other plan')
    .addArgument(new Argument('<pipeline>').choices(pipelineIds))
    .argument('<target>')
    .addOption(new Option('--subject <name>', 'one thing only, such as an index'))
    .action(async (pipeline: PipelineId, target: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<StartOptions>();
      const { subject } = options;
      const narrow = subject === undefined ? {} : { subject };
      const ask = ({ control }: OpenedRemediation, by: string): Promise<ControlAnswer> =>
        control.start({ pipeline, target, by, ...narrow });
      finish(await decide(options, context, ask, 'the next one prepares it'));
    });
}

const later = 'it is written down, and the next one goes by it';

/** Taking back is an act: only an agent does it. */
async function cancel(
  { control, agent, commandOf }: OpenedRemediation,
  id: string,
  by: string,
  undo: boolean,
): Promise<ControlAnswer> {
  if (!undo || agent === 'running') return control.cancel(id, by, undo);
  const text = `a change is taken back by a running agent only: start ${commandOf('run')}, then ask again`;
  return { ok: false, code: 'unavailable', text };
}
