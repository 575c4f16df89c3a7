import type { Config, ConfiguredTarget } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { messageOf } from '../core/errors.ts';
import type { Operations } from '../core/remediation/operations.ts';
import { createForgetfulStore } from '../store/forgetful-store.ts';
import { createConfigInForce } from './config-in-force.ts';
import { type CliContext, type GlobalOptions, UsageError } from './context.ts';
import { openLog } from './open-log.ts';
import { OperationsFleet } from './operations-fleet.ts';
import { selectTargets } from './select-targets.ts';

export interface TargetOperations {
  readonly config: Config;
  readonly configured: ConfiguredTarget;
  /** Undefined where its engine offers none. */
  readonly operations: Operations | undefined;
  /** Of another target, such as the one that changes are rehearsed on. */
  readonly operationsOf: (id: string) => Promise<Operations | undefined>;
  /** Removes the secrets of the configuration. */
  readonly redact: (text: string) => string;
}

/**
 * For commands that ask the engine of one target something, without an agent and without the store.
 *
 * @throws {UsageError} when there is no such target.
 */
export async function withOperations<T>(
  target: string,
  options: GlobalOptions,
  context: CliContext,
  work: (found: TargetOperations) => Promise<T>,
): Promise<T> {
  const engines = await context.loadEngines();
  const inForce = createConfigInForce(loadConfig({ path: options.config, env: context.env, engines }));
  const { config } = inForce;
  const [configured] = selectTargets(config, [target]);
  if (configured === undefined) throw new UsageError(`there is no target "${target}"`);
  const redact = (text: string): string => inForce.redact(text);
  const fleet = new OperationsFleet({
    engines,
    targets: () => config.targets,
    policy: () => config.remediation,
    history: createForgetfulStore().history,
    snapshot: () => undefined,
    clock: context.clock,
    random: context.random,
    log: await openLog(context, inForce, options.logLevel ?? 'error'),
    applicationName: `reeve/${context.version}`,
    conceal: (secret) => inForce.conceal(secret),
  });
  try {
    const operations = await fleet.of(target);
    return await work({ config, configured, operations, operationsOf: (id) => fleet.of(id), redact });
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    throw new Error(redact(messageOf(thrown)), { cause: thrown });
  } finally {
    await fleet.close();
  }
}
