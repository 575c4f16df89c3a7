import type { SteadyFigures } from '../measure/phases.ts';
import { reeveEntry } from '../measure/reeve-agent.ts';
import { aimAtLeast, aimBelow, type Report, ratio, round, spread, type Table } from '../report.ts';
import { names } from './agents.ts';
import type { ReeveOnPostgres } from './measure-postgres.ts';
import { keyCount } from './measure-redis.ts';
import type { SubjectFigures } from './measure-subject.ts';
import { schemaShape } from './postgres-schema.ts';
import type { ServerTime } from './server-time.ts';

export interface ExporterFigures {
  /** Reeve on the newest server. */
  readonly newest: ReeveOnPostgres;
  readonly exporters: readonly SubjectFigures[];
  readonly reeve: ReeveOnPostgres;
  readonly redis: readonly SubjectFigures[];
  readonly steady: readonly SteadyFigures[];
  readonly versions: Readonly<Record<string, string>>;
}

const { tables, indexes, rows } = schemaShape;
const schema = `${tables.toLocaleString('en-US')} tables and ${indexes.toLocaleString('en-US')} indexes`;

export function reportExporters(figures: ExporterFigures): Report {
  const { newest, exporters, reeve, redis, steady } = figures;
  const postgres = [...exporters, reeve.figures];
  return {
    title: `side by side with Debian's exporters: ${schema}, ${keyCount.toLocaleString('en-US')} keys`,
    aims: aims(figures),
    tables: [
      scrapeTable(`PostgreSQL 16: scrape`, postgres, exporters),
      loadTable('PostgreSQL 16: one poll or scrape a second, alone with the server', postgres),
      serverTimeTable(reeve.figures.serverTime, newest),
      costliestTable(reeve.first, newest.first),
      scrapeTable('Redis 7.0: scrape', redis, redis.slice(0, 2)),
      loadTable('Redis 7.0: one poll or scrape a second, alone with the server', redis),
      steadyTable(steady),
    ],
    method: method(figures.versions),
    raw: { ...figures },
  };
}

function aims({ newest, exporters, reeve, redis }: ExporterFigures): Report['aims'] {
  const scrapeMs = (subject: SubjectFigures | undefined): number =>
    subject?.scrapes.identity.median ?? Number.NaN;
  const named = (name: string): SubjectFigures | undefined => redis.find((subject) => subject.name === name);
  return [
    aimAtLeast(
      'PostgreSQL: scrape faster than the exporter’s default',
      scrapeMs(exporters[0]) / scrapeMs(reeve.figures),
      10,
      '×',
    ),
    aimBelow('PostgreSQL: series by default, on 18', newest.figures.scrapes.series, 1_000, ''),
    aimBelow(
      'PostgreSQL 18: server time of a fast poll',
      newest.figures.serverTime?.everyPollMs ?? Number.NaN,
      50,
      ' ms',
    ),
    aimBelow(
      'PostgreSQL 16: server time of a fast poll',
      reeve.figures.serverTime?.everyPollMs ?? Number.NaN,
      50,
      ' ms',
    ),
    aimBelow('Redis: series by default', named(names.reeveRedis)?.scrapes.series ?? Number.NaN, 1_000, ''),
  ];
}

function scrapeTable(
  title: string,
  subjects: readonly SubjectFigures[],
  peers: readonly SubjectFigures[],
): Table {
  const own = subjects.find(({ name }) => name.startsWith('reeve'));
  const against = peers.map(({ name, scrapes }) => {
    const base = own?.scrapes;
    const per = (value: number, of: number | undefined): string => ratio(value / (of ?? Number.NaN));
    return [
      `${name} : reeve`,
      per(scrapes.identity.median, base?.identity.median),
      per(scrapes.gzip.median, base?.gzip.median),
      per(scrapes.bytes, base?.bytes),
      per(scrapes.gzipBytes, base?.gzipBytes),
      per(scrapes.series, base?.series),
      '',
      '',
    ];
  });
  return {
    title,
    columns: [
      '',
      'ms plain, median (min – max)',
      'ms gzip, median (min – max)',
      'bytes',
      'bytes gzip',
      'series',
      'connections',
      'n',
    ],
    rows: [
      ...subjects.map(({ name, scrapes, connections }) => [
        name,
        spread(scrapes.identity),
        spread(scrapes.gzip),
        round(scrapes.bytes),
        round(scrapes.gzipBytes),
        round(scrapes.series),
        String(connections),
        String(scrapes.identity.n),
      ]),
      ...against,
    ],
    notes: subjects.flatMap(({ name, errors }) =>
      errors.length === 0 ? [] : [`${name} logged errors: \`${errors.at(-1)?.slice(0, 300) ?? ''}\``],
    ),
  };
}

function loadTable(title: string, subjects: readonly SubjectFigures[]): Table {
  return {
    title,
    columns: ['', 'agent CPU ms', 'server CPU ms', 'server time ms', 'RSS MiB', 'peak MiB', 'n'],
    rows: subjects.flatMap(({ name, load, serverTime }) =>
      load === undefined
        ? []
        : [
            [
              name,
              round(load.agentCpuMs),
              round(load.serverCpuMs),
              serverTime === undefined ? '' : round(serverTime.allMs),
              round(load.memoryMiB.now),
              round(load.memoryMiB.peak),
              String(load.polls),
            ],
          ],
    ),
    notes: [],
  };
}

function serverTimeTable(on16: ServerTime | undefined, newest: ReeveOnPostgres): Table {
  const row = (name: string, time: ServerTime | undefined): string[] => [
    name,
    round(time?.everyPollMs ?? Number.NaN),
    String(time?.everyPollStatements ?? ''),
    round(time?.allMs ?? Number.NaN),
  ];
  return {
    title: 'Reeve: server time of a poll, by pg_stat_statements',
    columns: ['', 'fast poll ms', 'statements', 'with slow groups that fell due ms'],
    rows: [row('PostgreSQL 16', on16), row('PostgreSQL 18', newest.figures.serverTime)],
    notes: [],
  };
}

function costliestTable(first: ServerTime, newest: ServerTime): Table {
  return {
    title: 'Reeve: costliest statements of the first collections, all groups',
    columns: ['statement', 'PostgreSQL 18 ms a call', 'calls'],
    rows: newest.costliest.map(({ query, meanMs, calls }) => [`\`${query}\``, round(meanMs), String(calls)]),
    notes: [
      `Server time of connecting, looking around and reading all groups, with the polls of the seconds after: ${round(newest.allMs)} ms on 18, ${round(first.allMs)} ms on 16.`,
    ],
  };
}

function steadyTable(steady: readonly SteadyFigures[]): Table {
  return {
    title: 'Every 15 s, all at the same time',
    columns: ['', 'agent CPU ms in 15 s', 'share of one core', 'RSS MiB', 'peak MiB'],
    rows: steady.map(({ name, cpuMsPerInterval, memoryMiB }) => [
      name,
      round(cpuMsPerInterval),
      `${round(cpuMsPerInterval / 150)} %`,
      round(memoryMiB.now),
      round(memoryMiB.peak),
    ]),
    notes: ['Everything the process does in that time, scrapes and its own housekeeping included.'],
  };
}

function method(versions: Readonly<Record<string, string>>): string[] {
  return [
    `Reeve ${reeveEntry().description}, with defaults; the exporters of Debian: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    `Side by side on PostgreSQL 16, the newest that Debian's exporter reads completely: on 17 and 18 its collector bgwriter fails (column "checkpoints_timed" does not exist). Reeve is measured on 18 as well. ${schema}, ${rows} rows a table, autovacuum off, logins with pg_monitor.`,
    '"and tables": default plus custom queries for what postgres_exporter 0.20 reads of every table by default (stat_user_tables with sizes, statio_user_tables).',
    "Redis: DEBUG POPULATE. The keys' pattern is key:12345*, as an operator would watch a few keys. Reeve walks the keys in the background every six hours; both states were measured.",
    'Scrapes: one after another over a kept connection, warmed by two. The exporters read the database at a scrape; Reeve serves what its last poll read, so its scrape costs the server nothing.',
    "CPU: ticks of /proc (10 ms) over the whole phase, divided by the polls; of the server with all its processes, also ended ones. Server time: planning and execution of the role's statements by pg_stat_statements, with track_planning; a fast poll is the statements that ran at every poll.",
    'The last table is measured at the real interval, with everything that happens in it.',
  ];
}
