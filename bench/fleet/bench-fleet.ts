import { reeveEntry } from '../measure/reeve-agent.ts';
import { aimAtMost, aimBelow, type Report, round, spread } from '../report.ts';
import type { Run } from '../run.ts';
import { fleetShape, startFleetServers } from './fleet-servers.ts';
import { type FleetFigures, measureFleet } from './measure-fleet.ts';

/** One agent on 100, 300 and 1,000 targets. */
export async function benchFleet(run: Run): Promise<Report> {
  const shares = run.isQuick ? [0.1, 0.3] : [0.1, 0.3, 1];
  const largest = Math.max(...shares);
  const { postgresTargets, redisTargets } = fleetShape;
  await using servers = await startFleetServers(postgresTargets * largest, redisTargets * largest);
  run.say('servers started');
  const figures: FleetFigures[] = [];
  for (const share of shares) {
    figures.push(await measureFleet(servers, postgresTargets * share, redisTargets * share, run));
  }
  return report(figures);
}

function report(figures: readonly FleetFigures[]): Report {
  const last = figures.at(-1);
  if (last === undefined) throw new Error('no fleet was measured');
  const count = targetsOf(last);
  return {
    title: 'one agent, up to 1,000 targets at 15 s',
    aims: [
      aimAtMost(`CPU of one core, ${count} targets`, last.agentCpu * 100, 25, ' %'),
      aimAtMost(`resident memory, ${count} targets`, last.memoryMiB.now, 200, ' MiB'),
      aimAtMost('connections a target', last.connections / count, 1, ''),
      aimBelow('lateness of a poll, p99', last.latenessMs['p99'] ?? Number.NaN, 500, ' ms'),
      aimAtMost('errors and skipped polls', last.collectErrors + last.skippedPolls, 0, ''),
      aimAtMost(
        'errors and skipped polls at the start',
        last.atStart.collectErrors + last.atStart.skippedPolls,
        0,
        '',
      ),
    ],
    tables: [
      {
        title: 'Growth',
        columns: ['', ...figures.map((each) => `${targetsOf(each).toLocaleString('en-US')} targets`)],
        rows: rows.map(([name, read]) => [name, ...figures.map(read)]),
        notes: figures.flatMap((each) => [
          ...Object.entries(each.errorsByCode).map(
            ([what, count]) => `${targetsOf(each)} targets, collect errors: ${what}: ${count}`,
          ),
          ...each.loggedErrors.map((line) => `${targetsOf(each)} targets, logged: \`${line.slice(0, 300)}\``),
        ]),
      },
    ],
    method: [
      `Reeve ${reeveEntry().description}; 60 % of the targets are databases of ${fleetShape.postgresServers} PostgreSQL 18 servers (max_connections 200, each target a database of its own with 20 tables and 40 indexes, \`databases.include: []\`), 40 % are databases of ${fleetShape.redisServers} Redis 7.0 servers with 200 keys, so that no walk over keys goes on while it is measured.`,
      'Every target at the default interval of 15 s; the page is scraped every 15 s with gzip, and read once more after each scrape to count what is fresh. Measured from two intervals after every target had been tried, with ticks of /proc.',
      'The servers run on the same cores as the agent and have their share of what delays a poll; theirs is in the table.',
      "Lateness is the agent's own `reeve_collect_lateness_seconds` at the end, over the last minute. Fresh: targets with a collection that succeeded since the previous scrape.",
    ],
    raw: { figures },
  };
}

function targetsOf({ postgresTargets, redisTargets }: FleetFigures): number {
  return postgresTargets + redisTargets;
}

const rows: readonly (readonly [string, (figures: FleetFigures) => string])[] = [
  ['CPU of the agent, of one core', ({ agentCpu }) => `${round(agentCpu * 100)} %`],
  ['CPU of the agent a poll, ms', (figures) => round((figures.agentCpu * 15_000) / targetsOf(figures))],
  ['resident MiB at the end', ({ memoryMiB }) => round(memoryMiB.now)],
  ['resident MiB, peak', ({ memoryMiB }) => round(memoryMiB.peak)],
  ['connections a target', (figures) => round(figures.connections / targetsOf(figures))],
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
  ['all targets tried after s', ({ readySeconds }) => round(readySeconds)],
  ['measured for s', ({ seconds }) => round(seconds)],
];
