import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import type { RemediationControl } from '../core/remediation/control.ts';
import { askControl } from './ask-control.ts';
import { type CommandLine, commandLine } from './command-line.ts';
import { createConfigInForce } from './config-in-force.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { startDaemon } from './daemon.ts';
import { openLog } from './open-log.ts';
import { createSocketRemediation } from './socket-remediation.ts';

export interface CommandAgent extends AsyncDisposable {
  readonly control: RemediationControl;
  readonly config: Config;
  /** `command`: none ran, so this command works as the agent until it ends. */
  readonly runs: 'daemon' | 'command';
  readonly commandOf: CommandLine;
}

const closeWithinMs = 10_000;

/**
 * For commands that begin a run and wait for it: asks the daemon by its control socket, and where none runs, starts an agent for as long as the
 * command lives. It is a whole agent: what was decided while none ran is executed by it too. It listens on its control socket and nowhere else
 * where others would find it.
 *
 * @throws {ConfigError} when the configuration cannot be used.
 * @throws {StoreError} when the store cannot be opened.
 */
export async function openCommandAgent(options: GlobalOptions, context: CliContext): Promise<CommandAgent> {
  const engines = await context.loadEngines();
  const load = () => quiet(loadConfig({ path: options.config, env: context.env, engines }));
  const config = load();
  const commandOf = commandLine(context.command, options.config);
  const socketPath = join(config.store.path, 'control.sock');
  const probe = await askControl(socketPath, '/api/v1/remediation');
  const control = createSocketRemediation(socketPath);
  if (probe !== undefined) {
    if (probe.status !== 200)
      throw new Error(`the agent at ${socketPath} answered ${probe.status}: ${probe.body.trim()}`);
    return { control, config, runs: 'daemon', commandOf, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const inForce = createConfigInForce(config);
  const log = await openLog(context, inForce, options.logLevel ?? 'error');
  context.writeNote('note: no agent is running here: this command works as one until it ends\n');
  const daemon = await startDaemon({
    context,
    engines,
    inForce,
    load,
    log,
    fixedLogLevel: options.logLevel ?? 'error',
  });
  return {
    control,
    config,
    runs: 'command',
    commandOf,
    [Symbol.asyncDispose]: () => daemon.close(closeWithinMs),
  };
}

/** Its numbers are nobody's: a daemon publishes them. */
function quiet(config: Config): Config {
  return {
    ...config,
    metrics: { listen: { host: '127.0.0.1', port: 0 }, webConfigFile: undefined },
    control: undefined,
    otlp: undefined,
  };
}
