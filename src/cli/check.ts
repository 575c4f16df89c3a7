import type { Command } from 'commander';
import { withDeadline } from '../collect/with-deadline.ts';
import { loadConfig } from '../config/load-config.ts';
import { createForgetfulStore } from '../store/forgetful-store.ts';
import { checkRemediation, isHandicapped } from './check-remediation.ts';
import { renderCheckReport } from './check-report.ts';
import { checkTarget, isUncollectable, type TargetCheck } from './check-target.ts';
import { collectorFactory } from './collector-factory.ts';
import { concurrently } from './concurrently.ts';
import { createConfigInForce } from './config-in-force.ts';
import { type CliContext, type ExitCode, exitCodes, type GlobalOptions } from './context.ts';
import { durationOption } from './duration-option.ts';
import { openLog } from './open-log.ts';
import { OperationsFleet } from './operations-fleet.ts';
import { appendValue, selectTargets } from './select-targets.ts';

interface CheckOptions extends GlobalOptions {
  readonly target?: readonly string[];
  readonly timeout?: number;
  readonly json?: boolean;
}

const concurrency = 16;
const defaultTimeoutMs = 10_000;

export function addCheck(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  program
    .command('check')
    .description(
      'connect to every target, say what each lacks, what that blinds, and the statement that mends it',
    )
    .option('--target <id>', 'only this target; may be repeated', appendValue)
    .addOption(
      durationOption('--timeout <duration>', "for each target (default: 10s, or the target's deadline)"),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nOf targets on which changes are allowed, the login that acts is checked too, and that the collecting one cannot act.' +
        '\nExit code 1 when a target cannot be collected at all or allowed changes cannot be made, 2 when the configuration cannot be used.',
    )
    .action(async (_: unknown, command: Command) =>
      finish(await check(command.optsWithGlobals<CheckOptions>(), context)),
    );
}

async function check(options: CheckOptions, context: CliContext): Promise<ExitCode> {
  const engines = await context.loadEngines();
  const inForce = createConfigInForce(loadConfig({ path: options.config, env: context.env, engines }));
  const { config } = inForce;
  const targets = selectTargets(config, options.target);
  const log = await openLog(context, inForce, options.logLevel ?? 'error');
  const conceal = (secret: string) => inForce.conceal(secret);
  const store = createForgetfulStore();
  const createCollector = collectorFactory({ context, engines, store, log, conceal });
  const fleet = new OperationsFleet({
    engines,
    log,
    conceal,
    history: store.history,
    clock: context.clock,
    random: context.random,
    targets: () => config.targets,
    policy: () => config.remediation,
    snapshot: () => undefined,
    applicationName: `reeve/${context.version}`,
  });
  const redact = (text: string): string => inForce.redact(text);
  const checks = await concurrently(targets, concurrency, async (configured): Promise<TargetCheck> => {
    const { engine, create } = createCollector(configured);
    const deadlineMs = options.timeout ?? Math.max(defaultTimeoutMs, configured.target.deadlineMs);
    const within = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
      withDeadline({ clock: context.clock, deadlineMs }, work);
    const common = { configured, engine, redact, withDeadline: within };
    const checked = await checkTarget({ ...common, createCollector: create });
    if (!checked.reachable) return checked;
    const remediation = await checkRemediation({ ...common, operationsOf: (id) => fleet.of(id) });
    return remediation === undefined ? checked : { ...checked, remediation };
  });
  await fleet.close();
  for (const line of config.inactive) context.writeNote(`note: ${line}\n`);
  await context.writeData(
    options.json === true
      ? `${JSON.stringify({ targets: checks }, undefined, 2)}\n`
      : renderCheckReport(checks),
  );
  const isLacking = (check: TargetCheck): boolean =>
    isUncollectable(check) || isHandicapped(check.remediation);
  return checks.some(isLacking) ? exitCodes.notFine : exitCodes.ok;
}
