import { type Command, Option } from 'commander';
import { migrationTools } from '../core/remediation/migrations.ts';
import { planOption } from './approve.ts';
import type { CliContext, ExitCode } from './context.ts';
import { decide, whoOption } from './decision-output.ts';
import { type ApplyOptions, applyMigrations } from './migrate-apply.ts';
import type { MigrateOptions } from './migrate-options.ts';
import { type PlanOptions, planMigrations } from './migrate-plan.ts';
import { type RollbackOptions, rollbackMigrations } from './migrate-rollback.ts';
import { type StatusOptions, showMigrations } from './migrate-status.ts';

const notes = `
Files: 0007_add_phone.up.sql and 0007_add_phone.down.sql, in the order of their names (.json for databases without SQL).
Files of Flyway, dbmate and golang-migrate are judged and rehearsed; they are applied by their own tool, which keeps their history.
Exit codes: 0 fine; 1 refused, failed or rolled back; 2 the command line, the files or the configuration cannot be used.`;

export function addMigrate(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  const migrate = program
    .command('migrate')
    .description('change schemas: judge, rehearse, apply and take back migrations')
    .addHelpText('after', notes);
  const add = (name: string, description: string): Command =>
    migrate
      .command(name)
      .description(description)
      .requiredOption('--target <id>', 'the target that is migrated')
      .option('--json', 'print JSON');
  addPlan(add, context, finish);
  addApply(add, context, finish);
  add(
    'rollback',
    'take back the last migration that Reeve applied, unless that would discard what was written since',
  )
    .addOption(new Option('--run <run>', 'the run that applied it; the last one otherwise'))
    .addOption(whoOption())
    .action(async (_: unknown, command: Command) =>
      finish(await rollbackMigrations(command.optsWithGlobals<RollbackOptions>(), context)),
    );
  add('status <folder>', 'say which files are applied, pending, changed since, or missing')
    .addOption(toolOption())
    .action(async (folder: string, _: unknown, command: Command) =>
      finish(await showMigrations(folder, command.optsWithGlobals<StatusOptions>(), context)),
    );
  migrate
    .command('acknowledge <run>')
    .description('take note of rows that a migration lost: its objective is met again')
    .option('--comment <text>', 'why; kept in the audit', '')
    .addOption(whoOption())
    .option('--json', 'print JSON')
    .action(async (run: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<MigrateOptions & { readonly comment: string }>();
      const asked = decide(
        options,
        context,
        ({ control }, by) => control.acknowledge(run, by, options.comment),
        'it is written down',
      );
      finish(await asked);
    });
}

type Add = (name: string, description: string) => Command;

function addPlan(add: Add, context: CliContext, finish: (code: ExitCode) => void): void {
  add('plan <folder>', 'judge and rehearse what is pending, and make the plan that somebody may approve')
    .option('--check', 'judge and rehearse only: no store, no agent and no plan; for pull requests')
    .addOption(toolOption())
    .addOption(whoOption())
    .action(async (folder: string, _: unknown, command: Command) =>
      finish(await planMigrations(folder, command.optsWithGlobals<PlanOptions>(), context)),
    );
}

function addApply(add: Add, context: CliContext, finish: (code: ExitCode) => void): void {
  add('apply <folder>', 'apply what is pending: the plan that waits for these files, or a new one')
    .addOption(planOption('approve exactly this plan; without it you are shown the plan and asked'))
    .option('--wait', 'wait until the target was watched long enough (remediation.migrationSoak)')
    .option('--comment <text>', 'why; kept with the approval', '')
    .addOption(toolOption())
    .addOption(whoOption())
    .action(async (folder: string, _: unknown, command: Command) =>
      finish(await applyMigrations(folder, command.optsWithGlobals<ApplyOptions>(), context)),
    );
}

function toolOption(): Option {
  return new Option('--tool <name>', 'whose files they are, where their names do not say it').choices(
    migrationTools,
  );
}
