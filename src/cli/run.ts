import type { Command } from 'commander';
import { loadConfig } from '../config/load-config.ts';
import type { RootLog } from '../telemetry/log.ts';
import { createConfigInForce } from './config-in-force.ts';
import { type CliContext, type ExitCode, exitCodes, type GlobalOptions } from './context.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { durationOption } from './duration-option.ts';
import { keepHeapSmall } from './frugal-memory.ts';
import { openLog } from './open-log.ts';

interface RunOptions extends GlobalOptions {
  readonly shutdownTimeout: number;
}

const defaultShutdownMs = 10_000;

export function addRun(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  program
    .command('run')
    .description('run the daemon in the foreground until SIGTERM or SIGINT')
    .addOption(
      durationOption(
        '--shutdown-timeout <duration>',
        'a shutdown that takes longer is cut short',
        defaultShutdownMs,
      ),
    )
    .addHelpText('after', notes)
    .action(async (_: unknown, command: Command) =>
      finish(await run(command.optsWithGlobals<RunOptions>(), context)),
    );
}

const notes = `
SIGHUP reloads the configuration, and so does
  curl --unix-socket <store>/control.sock -X POST http://reeve/-/reload
A broken file changes nothing: what is wrong is in the log and in the answer.
A second SIGTERM or SIGINT ends at once.`;

async function run(options: RunOptions, context: CliContext): Promise<ExitCode> {
  keepHeapSmall();
  const engines = await context.loadEngines();
  const load = () => loadConfig({ path: options.config, env: context.env, engines });
  const inForce = createConfigInForce(load());
  const { config } = inForce;
  const log = await openLog(context, inForce, options.logLevel ?? config.log.level);
  const signals = listenForSignals(context);
  const endFaults = context.onFault((fault) => log.error('fault of the agent, going on', { error: fault }));
  for (const part of config.inactive) log.warn('configured, but without effect', { part });
  try {
    const daemon = await startDaemon({
      context,
      engines,
      inForce,
      load,
      log,
      fixedLogLevel: options.logLevel,
    });
    signals.onReload(() => void daemon.reload());
    const { metricsUrl, controlSocket, controlUrl } = daemon;
    log.info('reeve is running', {
      version: context.version,
      metrics: metricsUrl,
      control: controlSocket,
      ...(controlUrl === undefined ? {} : { controlUrl }),
      targets: config.targets.length,
    });
    const signal = await signals.first;
    log.info('shutting down', { signal, within: `${options.shutdownTimeout} ms` });
    return await shutDown(daemon, signals.second, options.shutdownTimeout, context, log);
  } finally {
    endFaults();
    signals.end();
  }
}

/** Ends the daemon; gives up after the deadline or at a second signal. */
async function shutDown(
  daemon: Daemon,
  second: Promise<string>,
  deadlineMs: number,
  { clock }: CliContext,
  log: RootLog,
): Promise<ExitCode> {
  const done = new AbortController();
  const closed = daemon.close(deadlineMs).then(() => 'closed' as const);
  const late = clock.sleep(deadlineMs, done.signal).then(
    () => 'deadline' as const,
    () => 'closed' as const,
  );
  const outcome = await Promise.race([closed, late, second.then(() => 'second signal' as const)]);
  done.abort();
  if (outcome === 'closed') {
    log.info('shut down');
    return exitCodes.ok;
  }
  log.warn('shut down before everything had ended', { reason: outcome });
  return exitCodes.notFine;
}

interface SignalListeners {
  readonly first: Promise<string>;
  readonly second: Promise<string>;
  /** What SIGHUP does from now on; one that came before the start is not lost on nobody: it is ignored. */
  onReload(reload: () => void): void;
  end(): void;
}

function listenForSignals({ signals }: CliContext): SignalListeners {
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<string>();
  let seen = 0;
  let reload = (): void => undefined;
  const stop = (name: string) => {
    seen += 1;
    (seen === 1 ? first : second).resolve(name);
  };
  const ends = [
    signals.on('SIGTERM', () => stop('SIGTERM')),
    signals.on('SIGINT', () => stop('SIGINT')),
    signals.on('SIGHUP', () => reload()),
  ];
  return {
    first: first.promise,
    second: second.promise,
    onReload: (next) => {
      reload = next;
    },
    end: () => ends.forEach((end) => end()),
  };
}
