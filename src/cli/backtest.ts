import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type BacktestInput, backtest } from '../backtest/backtest.ts';
import { createPrometheusSource } from '../backtest/prometheus-source.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { parseObjectiveSettings } from '../config/objective-settings.ts';
import { formatDuration } from '../core/duration.ts';
import type { Engine } from '../core/engine.ts';
import { type ObjectiveId, objectiveIds, objectives } from '../core/objective.ts';
import {
  type ObjectiveInForce,
  type ObjectiveOverrides,
  objectivesInForce,
  withOverride,
} from '../core/objective-in-force.ts';
import { backtestTable } from './backtest-table.ts';
import { type CliContext, type ExitCode, exitCodes, type GlobalOptions, UsageError } from './context.ts';
import { durationOption } from './duration-option.ts';
import { parseMoment } from './moment.ts';
import { appendValue } from './select-targets.ts';

interface BacktestOptions extends GlobalOptions {
  readonly prometheus: string;
  readonly from: string;
  readonly to?: string;
  readonly step?: number;
  readonly timeout: number;
  readonly target?: readonly string[];
  readonly objective?: readonly ObjectiveId[];
  readonly try?: readonly string[];
  readonly json?: boolean;
}

const tokenVariable = 'REEVE_PROMETHEUS_TOKEN';
const shortestStepMs = 1_000;
const usualStepMs = 60_000;
/** A step for each of them, for each series; beyond it nobody waits. */
const mostSteps = 200_000;

export function addBacktest(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  program
    .command('backtest')
    .description("replay objectives over Reeve's series in a Prometheus: how often would each have paged?")
    .requiredOption('--prometheus <url>', 'base URL, such as http://prometheus:9090')
    .option('--from <time>', 'ISO date or time, or how long ago, such as 7d', '7d')
    .option('--to <time>', 'the same; now unless given')
    .addOption(durationOption('--step <duration>', 'between two judgements (default: 1m)'))
    .addOption(durationOption('--timeout <duration>', 'for each request to Prometheus', 60_000))
    .option('--target <id>', 'only this target; may be repeated', appendValue)
    .addOption(
      new Option('--objective <id>', 'only this objective; may be repeated').argParser(appendObjective),
    )
    .option(
      '--try <setting>',
      'another bound, such as index_hit_ratio.min=0.97; may be repeated',
      appendValue,
    )
    .option('--json', 'print rows as JSON')
    .addHelpText('after', notes)
    .action(async (_: unknown, command: Command) =>
      finish(await run(command.optsWithGlobals<BacktestOptions>(), context)),
    );
}

const notes = `
Bounds are those of the configuration, where there is one, and the defaults otherwise; --try changes them for this
replay only. Replayed is reeve_objective_value, so windows and minimum samples are as they were when it was published,
and what was unknown then is unknown now. A second metric that makes a ticket a page is not replayed.
A user and password may stand in the URL; a bearer token is read from ${tokenVariable}.

  reeve backtest --prometheus http://prometheus:9090 --from 30d --try cache_hit_ratio.min=0.9
  reeve backtest --prometheus http://prometheus:9090 --from 2026-11-01 --to 2026-11-08 --try oltp_query_seconds.for=10m`;

async function run(options: BacktestOptions, context: CliContext): Promise<ExitCode> {
  const engines = await context.loadEngines();
  const config = findConfig(options, context, engines);
  const tried = parseTried(options.try ?? []);
  const range = timesOf(options, context.clock.now());
  const rows = await backtest({
    ...range,
    source: createPrometheusSource({
      url: parseUrl(options.prometheus),
      token: context.env[tokenVariable],
      timeoutMs: options.timeout,
    }),
    objectives: options.objective ?? objectiveIds,
    targets: options.target ?? [],
    inForce: inForceOf(config, engines, tried),
    onProgress: (text) => {
      if (context.isTerminal) context.writeNote(`replaying ${text}\n`);
    },
  });
  const { fromMs, toMs, stepMs } = range;
  const from = new Date(fromMs).toISOString();
  const to = new Date(toMs).toISOString();
  const data = { from, to, stepSeconds: stepMs / 1_000, tried: options.try ?? [], rows };
  await context.writeData(
    options.json === true ? `${JSON.stringify(data, undefined, 2)}\n` : backtestTable(data),
  );
  return exitCodes.ok;
}

/** A file that was asked for must be there; the usual one need not. */
function findConfig(
  options: BacktestOptions,
  { env }: CliContext,
  engines: ReadonlyMap<string, Engine>,
): Config | undefined {
  if (options.config === 'reeve.yaml' && !existsSync(options.config)) return undefined;
  return loadConfig({ path: options.config, env, engines });
}

function parseTried(texts: readonly string[]): ObjectiveOverrides {
  const { overrides, problems } = parseObjectiveSettings(texts);
  if (problems.length > 0) throw new UsageError(`--try: ${problems.join('; ')}`);
  for (const id of objectiveIds) {
    const { windowMs, minimumBasis } = overrides[id] ?? {};
    if (windowMs !== undefined || minimumBasis !== undefined)
      throw new UsageError(
        `--try ${id}: window and minimumSamples made the recorded value and cannot be tried afterwards; set them in the configuration`,
      );
  }
  return overrides;
}

function inForceOf(
  config: Config | undefined,
  engines: ReadonlyMap<string, Engine>,
  tried: ObjectiveOverrides,
): BacktestInput['inForce'] {
  const configured = new Map(config?.targets.map((one) => [one.target.id, one.objectives] as const));
  return (target, engineId, id) => {
    const known =
      configured.get(target)?.find((one) => one.id === id) ?? byDefault(engines.get(engineId), id);
    const override = tried[id];
    if (override?.enabled === false) return undefined;
    return known === undefined || override === undefined ? known : withOverride(known, override);
  };
}

/** It was judged then, so the workload was right. */
function byDefault(engine: Engine | undefined, id: ObjectiveId): ObjectiveInForce | undefined {
  if (engine === undefined) return undefined;
  return objectivesInForce(engine, objectives[id].workloads?.[0], []).find((one) => one.id === id);
}

function timesOf(
  { from, to, step }: BacktestOptions,
  now: number,
): Pick<BacktestInput, 'fromMs' | 'toMs' | 'stepMs'> {
  const stepMs = Math.max(shortestStepMs, step ?? usualStepMs);
  const fromMs = parseMoment(from, now);
  const toMs = to === undefined ? now : parseMoment(to, now);
  if (fromMs === undefined || toMs === undefined)
    throw new UsageError(
      '--from and --to are a date (2026-11-01), a time (2026-11-01T12:00:00Z) or how long ago (7d)',
    );
  if (fromMs >= toMs) throw new UsageError('--from must be before --to');
  if ((toMs - fromMs) / stepMs > mostSteps)
    throw new UsageError(
      `that is more than ${mostSteps} steps of ${formatDuration(stepMs)}: give a larger --step or a later --from`,
    );
  return { fromMs, toMs, stepMs };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new UsageError('--prometheus needs a URL such as http://prometheus:9090');
}

function appendObjective(text: string, before: readonly ObjectiveId[] = []): readonly ObjectiveId[] {
  const id = objectiveIds.find((known) => known === text);
  if (id !== undefined) return [...before, id];
  throw new UsageError(`there is no objective ${text}; there are ${objectiveIds.join(', ')}`);
}
