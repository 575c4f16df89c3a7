import { printable } from '../core/printable.ts';
import { isOpen, type RunState } from '../core/remediation/run.ts';
import { openCommandAgent } from './command-agent.ts';
import { type CliContext, type ExitCode, exitCodes } from './context.ts';
import { followRun } from './follow-run.ts';
import type { MigrateOptions } from './migrate-options.ts';
import { selectTargets } from './select-targets.ts';
import { untilInterrupted } from './until-interrupted.ts';

export interface RollbackOptions extends MigrateOptions {
  readonly run?: string;
}

/** In which a migration stands in the database. */
const standing: readonly RunState[] = ['executing', 'soaking', 'half_applied', 'kept', 'inconclusive'];

/** Takes back the last migration that stands, by the plan under which it was applied. */
export async function rollbackMigrations(options: RollbackOptions, context: CliContext): Promise<ExitCode> {
  await using agent = await openCommandAgent(options, context);
  const { target } = options;
  selectTargets(agent.config, [target]);
  const { control, commandOf } = agent;
  const runs = await control.runs({ target, pipeline: 'migration', states: standing });
  const [last] = runs.toSorted((one, other) => other.createdAt - one.createdAt);
  const id = options.run ?? last?.id;
  if (id === undefined) {
    context.writeNote(
      `reeve: no migration of ${target} stands that Reeve applied: ${commandOf(`runs list --target ${target} --pipeline migration`)}\n`,
    );
    return exitCodes.notFine;
  }
  const answer = await control.cancel(id, options.as ?? context.user, true);
  if (!answer.ok) {
    context.writeNote(`reeve: ${printable(answer.text)}\n`);
    return exitCodes.notFine;
  }
  using interruption = untilInterrupted(context);
  const { signal } = interruption;
  const report = await followRun(id, ({ state }) => !isOpen(state), { ...context, control, signal });
  const { state, reason } = report.run;
  await context.writeData(
    options.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : `${state}: ${printable(reason)}\n`,
  );
  return state === 'cancelled' || state === 'reverted' ? exitCodes.ok : exitCodes.notFine;
}
