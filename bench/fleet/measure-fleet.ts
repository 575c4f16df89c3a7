import { setTimeout as delay } from 'node:timers/promises';
import type { Agent } from '../measure/agent.ts';
import { countConnectionsByPort } from '../measure/connections.ts';
import { countSeries, samplesOf, sumOf } from '../measure/exposition.ts';
import { type MemoryMiB, readCpuMs, readFamilyCpuMs, readMemoryMiB } from '../measure/process-usage.ts';
import { startReeve } from '../measure/reeve-agent.ts';
import type { Run } from '../run.ts';
import { type Summary, summarise } from '../statistics.ts';
import { describeTargets, type FleetServers, portsOf, processesOf } from './fleet-servers.ts';
import { expectedCollections, type FleetCounts } from './fleet-shape.ts';

export interface FleetFigures {
  readonly counts: FleetCounts;
  readonly seconds: number;
  /** From the start of the process until every target was tried. */
  readonly readySeconds: number;
  /** Shares of one core. */
  readonly agentCpu: number;
  readonly serversCpu: number;
  readonly doublesCpu: number;
  readonly memoryMiB: MemoryMiB;
  readonly connections: FleetCounts;
  /** By the agent's own account, over the last minute of the phase. */
  readonly latenessMs: Readonly<Record<string, number>>;
  /** Collections seen to have succeeded between scrapes, and as many as there should have been. */
  readonly freshTargets: number;
  readonly expectedTargets: number;
  /** In the measured time; the start is told apart. */
  readonly skippedPolls: number;
  readonly collectErrors: number;
  readonly atStart: { readonly skippedPolls: number; readonly collectErrors: number };
  /** Errors by `engine group code`, since the start. */
  readonly errorsByCode: Readonly<Record<string, number>>;
  readonly targetsUp: number;
  readonly series: number;
  readonly scrapeMs: Summary;
  readonly scrapeBytes: number;
  readonly loggedErrors: readonly string[];
}

const intervalMs = 15_000;
/** Scrapes while it is measured: every engine is polled at least twice. */
const scrapes = 8;

/** Reeve on so many targets at the default intervals, scraped every 15 s. */
export async function measureFleet(
  servers: FleetServers,
  counts: FleetCounts,
  { isQuick, say }: Run,
): Promise<FleetFigures> {
  const { targets, env } = describeTargets(servers, counts);
  const startedMs = performance.now();
  await using agent = await startReeve({
    name: `reeve, ${targets.length} targets`,
    config: { targets, log: { level: 'warn' } },
    env,
    readyMs: 300_000,
  });
  const readySeconds = (performance.now() - startedMs) / 1000;
  say(`${targets.length} targets: ready after ${Math.round(readySeconds)} s`);
  // Two intervals: connections stand, slow groups have been read once, and a page has been asked for.
  await agent.scraper.scrape('gzip');
  await delay(isQuick ? 15_000 : 2 * intervalMs);
  say(`${targets.length} targets: measuring`);
  const atStart = countFailures(await agent.scraper.read());
  const load = await measureLoad(agent, servers, counts, isQuick ? 2 : scrapes);
  const page = await agent.scraper.read();
  const failures = countFailures(page);
  const lateness = samplesOf(page, 'reeve_collect_lateness_seconds');
  return {
    counts,
    readySeconds,
    ...load,
    memoryMiB: await readMemoryMiB(agent.pid),
    connections: await countConnections(agent, servers),
    latenessMs: Object.fromEntries(lateness.map(({ labels, value }) => [labels['rank'] ?? '', value * 1000])),
    skippedPolls: failures.skippedPolls - atStart.skippedPolls,
    collectErrors: failures.collectErrors - atStart.collectErrors,
    atStart,
    errorsByCode: countErrors(page),
    targetsUp: sumOf(page, 'reeve_target_up'),
    series: countSeries(page),
    loggedErrors: (await agent.errors()).slice(0, 5),
  };
}

type Load = Pick<
  FleetFigures,
  | 'seconds'
  | 'agentCpu'
  | 'serversCpu'
  | 'doublesCpu'
  | 'freshTargets'
  | 'expectedTargets'
  | 'scrapeMs'
  | 'scrapeBytes'
>;

async function measureLoad(
  agent: Agent,
  servers: FleetServers,
  counts: FleetCounts,
  scrapes: number,
): Promise<Load> {
  const pids = processesOf(servers);
  const readCpu = async () => ({
    agent: readCpuMs(agent.pid),
    servers: await sumFamilyCpuMs(pids.real),
    doubles: await sumFamilyCpuMs(pids.doubles),
  });
  let known = await readSuccesses(agent);
  const startedMs = performance.now();
  const before = await readCpu();
  const durations: number[] = [];
  const fresh: number[] = [];
  let bytes = 0;
  for (let index = 1; index <= scrapes; index += 1) {
    await delay(Math.max(0, startedMs + index * intervalMs - performance.now()));
    const { durationMs, bytes: length } = await agent.scraper.scrape('gzip');
    durations.push(durationMs);
    bytes = length;
    const latest = await readSuccesses(agent);
    fresh.push([...latest].filter(([target, at]) => known.get(target) !== at).length);
    known = latest;
  }
  const elapsedMs = performance.now() - startedMs;
  const after = await readCpu();
  return {
    seconds: elapsedMs / 1000,
    agentCpu: (after.agent - before.agent) / elapsedMs,
    serversCpu: (after.servers - before.servers) / elapsedMs,
    doublesCpu: (after.doubles - before.doubles) / elapsedMs,
    freshTargets: fresh.reduce((sum, count) => sum + count, 0),
    expectedTargets: Math.round(expectedCollections(counts, scrapes * intervalMs)),
    scrapeMs: summarise(durations),
    scrapeBytes: bytes,
  };
}

async function sumFamilyCpuMs(pids: readonly number[]): Promise<number> {
  const times = await Promise.all(pids.map((pid) => readFamilyCpuMs(pid)));
  return times.reduce((sum, each) => sum + each, 0);
}

/** Connections of the agent to the servers of each engine. */
async function countConnections(agent: Agent, servers: FleetServers): Promise<FleetCounts> {
  const engines = portsOf(servers);
  const counts = { postgres: 0, redis: 0, mongodb: 0, cosmosdb: 0, bigquery: 0 };
  for (const [port, count] of await countConnectionsByPort(agent.pid)) {
    const engine = engines.get(port);
    if (engine !== undefined) counts[engine] += count;
  }
  return counts;
}

function countFailures(page: string): FleetFigures['atStart'] {
  return {
    skippedPolls: sumOf(page, 'reeve_collect_skipped_total'),
    collectErrors: sumOf(page, 'reeve_collect_errors_total'),
  };
}

function countErrors(page: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { labels, value } of samplesOf(page, 'reeve_collect_errors_total')) {
    const key = `${labels['engine']} ${labels['group']} ${labels['code']}`;
    counts[key] = (counts[key] ?? 0) + value;
  }
  return counts;
}

/** When each target was last collected. */
async function readSuccesses(agent: Agent): Promise<ReadonlyMap<string, number>> {
  const samples = samplesOf(await agent.scraper.read(), 'reeve_collect_last_success_timestamp_seconds');
  const own = samples.filter(({ labels }) => labels['group'] === 'availability');
  return new Map(own.map(({ labels, value }) => [labels['target'] ?? '', value]));
}
