import { setTimeout as delay } from 'node:timers/promises';
import { type Summary, summarise } from '../statistics.ts';
import type { Agent } from './agent.ts';
import { countSeries } from './exposition.ts';
import { readCpuMs, readFamilyCpuMs, readMemoryMiB } from './process-usage.ts';

export interface ScrapeFigures {
  readonly identity: Summary;
  readonly gzip: Summary;
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly series: number;
}

/** Scrapes one after another, warmed by two before. */
export async function measureScrapes(agent: Agent, count: number): Promise<ScrapeFigures> {
  const measured = { identity: [0], gzip: [0] };
  const bytes = { identity: 0, gzip: 0 };
  for (const encoding of ['identity', 'gzip'] as const) {
    const durations: number[] = [];
    for (let index = -2; index < count; index += 1) {
      const scrape = await agent.scraper.scrape(encoding);
      bytes[encoding] = scrape.bytes;
      if (index >= 0) durations.push(scrape.durationMs);
    }
    measured[encoding] = durations;
  }
  return {
    identity: summarise(measured.identity),
    gzip: summarise(measured.gzip),
    bytes: bytes.identity,
    gzipBytes: bytes.gzip,
    series: countSeries(await agent.scraper.read()),
  };
}

export interface LoadFigures {
  readonly polls: number;
  /** Milliseconds of CPU a poll. */
  readonly agentCpuMs: number;
  readonly serverCpuMs: number;
  readonly memoryMiB: { readonly now: number; readonly peak: number };
}

export interface LoadOptions {
  readonly agent: Agent;
  /** The server's first process. */
  readonly serverPid: number;
  /** Between two scrapes; for Reeve also its interval. */
  readonly everyMs: number;
  readonly polls: number;
}

/** What agent and server spend while the agent alone polls and is scraped, once every `everyMs`. */
export async function measureLoad({ agent, serverPid, everyMs, polls }: LoadOptions): Promise<LoadFigures> {
  const before = { agent: readCpuMs(agent.pid), server: await readFamilyCpuMs(serverPid) };
  await scrapeEvery(agent, everyMs, polls);
  const after = { agent: readCpuMs(agent.pid), server: await readFamilyCpuMs(serverPid) };
  return {
    polls,
    agentCpuMs: (after.agent - before.agent) / polls,
    serverCpuMs: (after.server - before.server) / polls,
    memoryMiB: await readMemoryMiB(agent.pid),
  };
}

/** Scrapes as Prometheus does: on a beat, compressed. Ends one beat after the last scrape. */
async function scrapeEvery(agent: Agent, everyMs: number, count: number): Promise<void> {
  const startedMs = performance.now();
  for (let index = 0; index < count; index += 1) {
    await agent.scraper.scrape('gzip');
    await delay(Math.max(0, startedMs + (index + 1) * everyMs - performance.now()));
  }
}

export interface SteadyFigures {
  readonly name: string;
  /** Milliseconds of CPU in each interval, for everything it does. */
  readonly cpuMsPerInterval: number;
  readonly memoryMiB: { readonly now: number; readonly peak: number };
}

/** What each of several agents spends at the interval at which they really run, all at the same time. */
export async function measureSteady(
  agents: readonly Agent[],
  intervalMs: number,
  intervals: number,
): Promise<readonly SteadyFigures[]> {
  const before = agents.map(({ pid }) => readCpuMs(pid));
  await Promise.all(
    agents.map(async (agent, index) => {
      await delay((intervalMs / agents.length) * index);
      await scrapeEvery(agent, intervalMs, intervals);
    }),
  );
  // The last agent began almost one interval after the first; all are counted to the same end.
  const elapsed = intervals + (agents.length - 1) / agents.length;
  return Promise.all(
    agents.map(async ({ name, pid }, index) => ({
      name,
      cpuMsPerInterval: (readCpuMs(pid) - (before[index] ?? 0)) / elapsed,
      memoryMiB: await readMemoryMiB(pid),
    })),
  );
}
