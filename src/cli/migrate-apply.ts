import { printable } from '../core/printable.ts';
import type { RunReport } from '../core/remediation/control.ts';
import { isOpen, type Run } from '../core/remediation/run.ts';
import { renderRunReport } from '../core/remediation/run-report-text.ts';
import { type CommandAgent, openCommandAgent } from './command-agent.ts';
import { type CliContext, type ExitCode, exitCodes, UsageError } from './context.ts';
import { followRun } from './follow-run.ts';
import type { MigrateOptions } from './migrate-options.ts';
import { prepareMigration, requestOf, waitingMigration } from './migrate-run.ts';
import { readMigrations } from './migration-files.ts';
import { selectTargets } from './select-targets.ts';
import { untilInterrupted } from './until-interrupted.ts';

export interface ApplyOptions extends MigrateOptions {
  /** The first digits of the hash that the person saw. */
  readonly plan?: string;
  readonly wait?: boolean;
  readonly comment: string;
}

/** Ends in which the migration stands and nothing speaks against it. */
const fine: readonly string[] = ['kept', 'inconclusive', 'soaking', 'nothing_to_do'];

/** Applies the plan that waits for these files, or a new one; says each step until it is applied. */
export async function applyMigrations(
  folder: string,
  options: ApplyOptions,
  context: CliContext,
): Promise<ExitCode> {
  const request = requestOf(folder, await readMigrations(folder, options.tool));
  if (options.plan === undefined && context.askPerson === undefined)
    throw new UsageError('say which plan you approve: --plan <hash>, as migrate plan prints it');
  await using agent = await openCommandAgent(options, context);
  selectTargets(agent.config, [options.target]);
  using interruption = untilInterrupted(context);
  const { signal } = interruption;
  const waiting = await waitingMigration(agent, options.target, request);
  const report =
    waiting === undefined
      ? await prepareMigration(agent, request, options, context, signal)
      : await agent.control.show(waiting.id);
  if (report === undefined) return exitCodes.notFine;
  if (report.run.state !== 'waiting') return told(report, options, context, agent);
  if (!(await isApproved(report, options, context, agent))) return exitCodes.notFine;
  const isDone = ({ state }: Run): boolean =>
    options.wait === true || agent.runs === 'command'
      ? !isOpen(state)
      : !['waiting', 'approved', 'executing'].includes(state);
  const ended = await followRun(report.run.id, isDone, { ...context, control: agent.control, signal });
  return told(ended, options, context, agent);
}

async function isApproved(
  { run, plan, ...rest }: RunReport,
  options: ApplyOptions,
  context: CliContext,
  { control, commandOf }: CommandAgent,
): Promise<boolean> {
  let planHash = run.planHash ?? '';
  if (options.plan !== undefined && !planHash.startsWith(options.plan)) planHash = options.plan;
  if (options.plan === undefined) {
    const report = { run, plan, ...rest };
    context.writeNote(renderRunReport(report, { now: context.clock.now(), commandOf }));
    const typed = await context.askPerson?.(`\nApply exactly this plan to ${run.target}? Type yes: `);
    if (typed?.trim() !== 'yes') {
      context.writeNote(`reeve: nothing was decided; the plan waits: ${commandOf(`runs show ${run.id}`)}\n`);
      return false;
    }
  }
  const by = options.as ?? context.user;
  const answer = await control.approve(run.id, { planHash, by, comment: options.comment });
  if (!answer.ok) context.writeNote(`reeve: ${printable(answer.text)}\n`);
  return answer.ok;
}

async function told(
  report: RunReport,
  { json, target }: ApplyOptions,
  { writeData, writeNote }: CliContext,
  { commandOf }: CommandAgent,
): Promise<ExitCode> {
  const { id, state, reason } = report.run;
  if (json === true) await writeData(`${JSON.stringify(report, undefined, 2)}\n`);
  else await writeData(`${state}: ${printable(reason)}\n`);
  const isFine = fine.includes(state);
  if (state === 'soaking')
    writeNote(
      `applied; the agent watches it: ${commandOf(`runs show ${id}`)}; to take it back: ${commandOf(`migrate rollback --target ${target} --run ${id}`)}\n`,
    );
  else if (!isFine) writeNote(`what was seen and done: ${commandOf(`runs show ${id}`)}\n`);
  return isFine ? exitCodes.ok : exitCodes.notFine;
}
