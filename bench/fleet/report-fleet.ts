import { reeveEntry } from '../measure/reeve-agent.ts';
import { type Aim, aimAtMost, aimBelow, type Report, round, spread, type Table } from '../report.ts';
import { fleetEngines, intervalsMs, serverCounts, totalOf } from './fleet-shape.ts';
import type { FleetFigures } from './measure-fleet.ts';

/** @param growth the fleets of two engines, the smallest first. */
export function reportFleet(growth: readonly FleetFigures[], mixed: FleetFigures): Report {
  const last = growth.at(-1);
  if (last === undefined) throw new Error('no fleet was measured');
  return {
    title: 'one agent, up to 1,000 targets',
    aims: [...aimsOf(last, ''), ...aimsOf(mixed, ', five engines')],
    tables: [
      tableOf(
        'Growth: PostgreSQL and Redis at 15 s',
        growth,
        (each) => `${totalOf(each.counts).toLocaleString('en-US')} targets`,
      ),
      tableOf('Five engines, each at its own interval', [mixed], (each) =>
        fleetEngines.map((engine) => `${each.counts[engine]} ${engine}`).join(', '),
      ),
    ],
    method: [
      `Reeve ${reeveEntry().description}. In the first table 60 % of the targets are PostgreSQL, 40 % Redis. PostgreSQL targets are databases of ${serverCounts.postgres} PostgreSQL 18 servers (max_connections 200, each target a database of its own with 20 tables and 40 indexes, \`databases.include: []\`); Redis targets are databases of ${serverCounts.redis} Redis 7.0 servers with 200 keys, so that no walk over keys goes on while it is measured.`,
      'MongoDB, Cosmos DB and BigQuery are DOUBLES (tests/support), not the real services: the official clients speak to servers of ours. MongoDB: a deployment a target, nine in ten standalone, one in ten a replica set of three, with a login, 10 collections and 30 indexes each. Cosmos DB: an account a target with three containers, ten accounts a subscription, over TLS. BigQuery: a project a target with a month of jobs. What real services would take to answer is not in these figures.',
      `Every target at its engine's default interval: ${fleetEngines.map((engine) => `${engine} ${intervalsMs[engine] / 1000} s`).join(', ')}. The page is scraped every 15 s with gzip, and read once more after each scrape to count what is fresh. Measured from two intervals after every target had been tried, with ticks of /proc.`,
      'Servers and doubles run on the same cores as the agent and have their share of what delays a poll; theirs is in the table.',
      "Lateness is the agent's own `reeve_collect_lateness_seconds` at the end, over the last minute. Fresh: targets with a collection that succeeded since the previous scrape. Connections: established ones of the process, by port.",
    ],
    raw: { figures: growth, mixed },
  };
}

function aimsOf(figures: FleetFigures, of: string): Aim[] {
  const { counts, connections, atStart } = figures;
  const count = `${totalOf(counts)} targets${of}`;
  const direct = connections.postgres + connections.redis;
  return [
    aimAtMost(`CPU of one core, ${count}`, figures.agentCpu * 100, 25, ' %'),
    aimAtMost(`resident memory, ${count}`, figures.memoryMiB.now, 200, ' MiB'),
    aimAtMost(
      `connections a PostgreSQL or Redis target${of}`,
      direct / (counts.postgres + counts.redis),
      1,
      '',
    ),
    aimBelow(`lateness of a poll, p99${of}`, figures.latenessMs['p99'] ?? Number.NaN, 500, ' ms'),
    aimAtMost(`errors and skipped polls${of}`, figures.collectErrors + figures.skippedPolls, 0, ''),
    aimAtMost(
      `errors and skipped polls at the start${of}`,
      atStart.collectErrors + atStart.skippedPolls,
      0,
      '',
    ),
  ];
}

function tableOf(
  title: string,
  all: readonly FleetFigures[],
  head: (figures: FleetFigures) => string,
): Table {
  return {
    title,
    columns: ['', ...all.map(head)],
    rows: rows.map(([name, read]) => [name, ...all.map(read)]),
    notes: all.flatMap((each) => [
      ...Object.entries(each.errorsByCode).map(
        ([what, count]) => `${totalOf(each.counts)} targets, collect errors: ${what}: ${count}`,
      ),
      ...each.loggedErrors.map(
        (line) => `${totalOf(each.counts)} targets, logged: \`${line.slice(0, 300)}\``,
      ),
    ]),
  };
}

const rows: readonly (readonly [string, (figures: FleetFigures) => string])[] = [
  ['CPU of the agent, of one core', ({ agentCpu }) => `${round(agentCpu * 100)} %`],
  ['polls a second', ({ expectedTargets, seconds }) => round(expectedTargets / seconds)],
  [
    'CPU of the agent a poll, ms',
    ({ agentCpu, expectedTargets, seconds }) => round((agentCpu * 1_000 * seconds) / expectedTargets),
  ],
  ['resident MiB at the end', ({ memoryMiB }) => round(memoryMiB.now)],
  ['resident MiB, peak', ({ memoryMiB }) => round(memoryMiB.peak)],
  ['of that not shared with files, MiB', ({ memoryMiB }) => round(memoryMiB.anonymous)],
  [
    'connections',
    ({ connections }) =>
      fleetEngines
        .flatMap((engine) => (connections[engine] === 0 ? [] : [`${connections[engine]} ${engine}`]))
        .join(', '),
  ],
  ['lateness p50 ms', ({ latenessMs }) => round(latenessMs['p50'] ?? Number.NaN)],
  ['lateness p99 ms', ({ latenessMs }) => round(latenessMs['p99'] ?? Number.NaN)],
  ['lateness max ms', ({ latenessMs }) => round(latenessMs['max'] ?? Number.NaN)],
  [
    'fresh targets, of expected',
    ({ freshTargets, expectedTargets }) => `${freshTargets} of ${expectedTargets}`,
  ],
  ['polls skipped', ({ skippedPolls }) => String(skippedPolls)],
  ['collect errors', ({ collectErrors }) => String(collectErrors)],
  [
    'polls skipped and collect errors before',
    ({ atStart }) => `${atStart.skippedPolls} and ${atStart.collectErrors}`,
  ],
  ['targets up', ({ targetsUp }) => String(targetsUp)],
  ['series', ({ series }) => round(series)],
  ['scrape gzip ms, median (min – max)', ({ scrapeMs }) => spread(scrapeMs)],
  ['scrape gzip bytes', ({ scrapeBytes }) => round(scrapeBytes)],
  ['CPU of all servers, of one core', ({ serversCpu }) => `${round(serversCpu * 100)} %`],
  ['CPU of all doubles, of one core', ({ doublesCpu }) => `${round(doublesCpu * 100)} %`],
  ['all targets tried after s', ({ readySeconds }) => round(readySeconds)],
  ['measured for s', ({ seconds }) => round(seconds)],
];
