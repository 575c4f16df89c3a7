import { renderRunReport } from '../core/remediation/run-report-text.ts';
import { openCommandAgent } from './command-agent.ts';
import { type CliContext, type ExitCode, exitCodes } from './context.ts';
import { checkMigrations } from './migrate-check.ts';
import type { MigrateOptions } from './migrate-options.ts';
import { prepareMigration, requestOf } from './migrate-run.ts';
import { readMigrations } from './migration-files.ts';
import { selectTargets } from './select-targets.ts';
import { untilInterrupted } from './until-interrupted.ts';

export interface PlanOptions extends MigrateOptions {
  readonly check?: boolean;
}

/** States of a run that has a plan, whether or not it may be executed. */
const planned: readonly string[] = ['waiting', 'proposed', 'approved'];

/** Makes the plan and shows it; with `--check` nothing is kept. */
export async function planMigrations(
  folder: string,
  options: PlanOptions,
  context: CliContext,
): Promise<ExitCode> {
  const files = await readMigrations(folder, options.tool);
  const request = requestOf(folder, files);
  if (options.check === true) return checkMigrations({ files, request }, options, context);
  await using agent = await openCommandAgent(options, context);
  selectTargets(agent.config, [options.target]);
  using interruption = untilInterrupted(context);
  const report = await prepareMigration(agent, request, options, context, interruption.signal);
  if (report === undefined) return exitCodes.notFine;
  const { commandOf } = agent;
  await context.writeData(
    options.json === true
      ? `${JSON.stringify(report, undefined, 2)}\n`
      : renderRunReport(report, { now: context.clock.now(), commandOf }),
  );
  const { state } = report.run;
  if (state === 'waiting')
    context.writeNote(
      `to apply it: ${commandOf(`migrate apply ${folder} --target ${options.target} --plan ${(report.run.planHash ?? '').slice(0, 12)}`)}\n`,
    );
  return planned.includes(state) || state === 'nothing_to_do' ? exitCodes.ok : exitCodes.notFine;
}
