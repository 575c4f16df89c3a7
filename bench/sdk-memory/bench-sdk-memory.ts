import { setTimeout as delay } from 'node:timers/promises';
import { type Double, type DoubleKind, startDouble } from '../fleet/doubles.ts';
import { describeTargets, type FleetServers, startRealServers } from '../fleet/fleet-servers.ts';
import { type FleetCounts, fleetEngines } from '../fleet/fleet-shape.ts';
import { sumOf } from '../measure/exposition.ts';
import { type MemoryMiB, readMemoryMiB } from '../measure/process-usage.ts';
import { reeveEntry, startReeve } from '../measure/reeve-agent.ts';
import { type Report, round } from '../report.ts';
import type { Run } from '../run.ts';

const none: FleetCounts = { postgres: 0, redis: 0, mongodb: 0, cosmosdb: 0, bigquery: 0 };
const one: FleetCounts = { postgres: 1, redis: 1, mongodb: 1, cosmosdb: 1, bigquery: 1 };

interface Figures {
  readonly name: string;
  readonly memoryMiB: MemoryMiB;
  readonly targetsUp: number;
}

/** What the libraries of an engine cost an agent that watches one target of it, and what all five cost together. */
export async function benchSdkMemory(run: Run): Promise<Report> {
  await using real = await startRealServers(one);
  await using stack = new AsyncDisposableStack();
  const doubles: Double[] = [];
  for (const kind of ['mongodb', 'cosmosdb', 'bigquery'] satisfies DoubleKind[]) {
    doubles.push(stack.use(await startDouble(kind, 1)));
  }
  const servers = { ...real, doubles };
  const figures: Figures[] = [];
  for (const engine of fleetEngines) {
    figures.push(await measure(engine, servers, { ...none, [engine]: 1 }, run));
  }
  figures.push(await measure('all five', servers, one, run));
  return report(figures);
}

async function measure(name: string, servers: FleetServers, counts: FleetCounts, run: Run): Promise<Figures> {
  run.say(name);
  const { targets, env } = describeTargets(servers, counts);
  await using agent = await startReeve({ name, config: { targets, log: { level: 'warn' } }, env });
  await agent.scraper.scrape('gzip');
  // Long enough for every group that is read more often than once in five minutes.
  await delay(run.isQuick ? 15_000 : 90_000);
  const page = await agent.scraper.read();
  return { name, memoryMiB: await readMemoryMiB(agent.pid), targetsUp: sumOf(page, 'reeve_target_up') };
}

function report(figures: readonly Figures[]): Report {
  return {
    title: 'memory by engine: libraries are loaded with the first target of their engine',
    aims: [],
    tables: [
      {
        title: 'An agent with one target',
        columns: ['of', 'resident MiB', 'of that not shared with files', 'peak', 'targets up'],
        rows: figures.map(({ name, memoryMiB, targetsUp }) => [
          name,
          round(memoryMiB.now),
          round(memoryMiB.anonymous),
          round(memoryMiB.peak),
          String(targetsUp),
        ]),
        notes: ['The last row is one agent with one target of each engine.'],
      },
    ],
    method: [
      `Reeve ${reeveEntry().description}, a process for each row, scraped at the beginning and at the end. Resident memory holds about 50 MiB of the node program itself, which processes share.`,
      'PostgreSQL 18 and Redis 7.0 are real, MongoDB, Cosmos DB and BigQuery are doubles (tests/support).',
      'That the libraries of other engines are not loaded is a test: `tests/end-to-end/lazy-sdks.test.ts`.',
    ],
    raw: { figures },
  };
}
