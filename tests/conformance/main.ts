/** `npm run conformance -- ENGINE URI`: proves Reeve's collector against a deployment of the operator's own. */

import { engines as registry } from '../../collectors/index.ts';
import { createConfigInForce } from '../../src/cli/config-in-force.ts';
import { openLog } from '../../src/cli/open-log.ts';
import { processEnvironment } from '../../src/config/environment.ts';
import type { Engine } from '../../src/core/engine.ts';
import { messageOf } from '../../src/core/errors.ts';
import { createSystemClock, systemRandom } from '../../src/telemetry/clock.ts';
import { type ConformanceOptions, parseArguments, usage } from './arguments.ts';
import { observe } from './conform.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { renderReport } from './render-report.ts';
import { judge } from './report.ts';
import { chooseTarget } from './target.ts';

const args = parseArguments(process.argv.slice(2));
if (args.kind === 'help') process.stdout.write(usage);
else if (args.kind === 'wrong') endWithUsage(args.message);
else process.exitCode = await run(args.options).catch(endWithFault);

async function run(options: ConformanceOptions): Promise<number> {
  const engines = await loadEngines();
  const env = processEnvironment();
  let chosen: ReturnType<typeof chooseTarget>;
  let recorder: Recorder | undefined;
  try {
    chosen = chooseTarget(options, engines, env);
    recorder = options.record === undefined ? undefined : createRecorder(options.record);
  } catch (error) {
    return endWithUsage(messageOf(error));
  }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const clock = createSystemClock();
  const writeNote = (text: string) => void process.stderr.write(text);
  const engine = engineOf(engines, options.engine);
  const log = await openLog(
    { clock, isTerminal: process.stderr.isTTY, writeNote },
    createConfigInForce(chosen.config),
    'error',
  );
  // A driver that throws where nobody can catch it is a finding, and no end of the run.
  const faults: string[] = [];
  const onFault = (fault: unknown): void => void faults.push(`fault of the agent: ${messageOf(fault)}`);
  process.on('uncaughtException', onFault);
  const observation = await observe({
    chosen,
    engines,
    engine,
    rounds: options.rounds,
    pauseMs: options.pauseMs,
    paid: options.paid,
    clock,
    random: systemRandom,
    log,
    signal: stop.signal,
    onProgress: (text) => writeNote(`${text}\n`),
    ...(recorder === undefined ? {} : { onAnswer: recorder.onAnswer }),
  });
  const unasked = [...observation.unasked, ...new Set(faults)];
  const report = judge(engine, chosen.configured.target.id, { ...observation, unasked }, options.paid);
  const text = options.json ? `${JSON.stringify(report, undefined, 2)}\n` : renderReport(report);
  // All of it at once: servers repeat secrets in places that nobody thought of.
  process.stdout.write(observation.redact(text));
  const files = recorder?.write(engine.id, report.server.version ?? 'unknown', observation.redact) ?? [];
  if (recorder !== undefined)
    writeNote(
      `${files.length} answers recorded in ${options.record}: secrets are removed, names are not; read them before you share them\n`,
    );
  return report.conforms ? 0 : 1;
}

function engineOf(engines: ReadonlyMap<string, Engine>, id: string): Engine {
  const engine = engines.get(id);
  // The target was chosen among them.
  if (engine === undefined) throw new Error(`engine ${id} is not loaded`);
  return engine;
}

async function loadEngines(): Promise<ReadonlyMap<string, Engine>> {
  const loaders = Object.entries<() => Promise<{ readonly engine: Engine }>>(registry);
  return new Map(await Promise.all(loaders.map(async ([id, load]) => [id, (await load()).engine] as const)));
}

function endWithFault(fault: unknown): number {
  process.stderr.write(`fault of the agent: ${messageOf(fault)}\n`);
  return 1;
}

function endWithUsage(message: string): number {
  process.stderr.write(`${message}\n\n${usage}`);
  process.exitCode = 2;
  return 2;
}
