import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import type { RemediationControl } from '../core/remediation/control.ts';
import { askControl } from './ask-control.ts';
import { type CommandLine, commandLine } from './command-line.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { createSocketRemediation } from './socket-remediation.ts';
import type { StoredInput } from './stored-input.ts';
import { openStoredRemediation } from './stored-remediation.ts';
import { openStoredView, type RemediationView } from './stored-view.ts';

/** Remediation, wherever it can be asked now. */
export interface OpenedRemediation<C = RemediationControl> extends AsyncDisposable {
  readonly control: C;
  /** `stopped`: no agent runs here; decisions are written down, and the next agent acts on them. */
  readonly agent: 'running' | 'stopped';
  readonly config: Config;
  readonly commandOf: CommandLine;
}

type OpenStored<C> = (input: StoredInput) => Promise<{ readonly control: C } & AsyncDisposable>;

/**
 * To decide something: asks the daemon by its control socket while one runs, and otherwise opens the store, with its lock.
 *
 * @throws {ConfigError} when the configuration cannot be used.
 * @throws {StoreError} when the store cannot be opened.
 * @throws {Error} when the daemon has no remediation: the message says why.
 */
export function openRemediation(options: GlobalOptions, context: CliContext): Promise<OpenedRemediation> {
  return open(options, context, openStoredRemediation);
}

/** As `openRemediation`, to look only: without a daemon nothing is locked and nothing is made. */
export function openRemediationView(
  options: GlobalOptions,
  context: CliContext,
): Promise<OpenedRemediation<RemediationView>> {
  return open<RemediationView>(options, context, openStoredView);
}

async function open<C>(
  options: GlobalOptions,
  context: CliContext,
  openStored: OpenStored<C | RemediationControl>,
): Promise<OpenedRemediation<C | RemediationControl>> {
  const engines = await context.loadEngines();
  const config = loadConfig({ path: options.config, env: context.env, engines });
  const commandOf = commandLine(context.command, options.config);
  const socketPath = join(config.store.path, 'control.sock');
  const probe = await askControl(socketPath, '/api/v1/remediation');
  if (probe === undefined) {
    const stored = await openStored({ config, engines, context, options });
    return {
      control: stored.control,
      agent: 'stopped',
      config,
      commandOf,
      [Symbol.asyncDispose]: () => stored[Symbol.asyncDispose](),
    };
  }
  if (probe.status !== 200)
    throw new Error(`the agent at ${socketPath} answered ${probe.status}: ${probe.body.trim()}`);
  const control = createSocketRemediation(socketPath);
  return { control, agent: 'running', config, commandOf, [Symbol.asyncDispose]: () => Promise.resolve() };
}
