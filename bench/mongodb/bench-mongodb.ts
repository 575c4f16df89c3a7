import { setTimeout as delay } from 'node:timers/promises';
import type { Agent } from '../measure/agent.ts';
import { countSeries, samplesOf, sumOf } from '../measure/exposition.ts';
import { type MemoryMiB, readCpuMs, readMemoryMiB } from '../measure/process-usage.ts';
import { reeveEntry, startReeve } from '../measure/reeve-agent.ts';
import { aimAtMost, aimBelow, type Report, round } from '../report.ts';
import type { Run } from '../run.ts';
import { startLargeDouble } from './large-double.ts';

interface Reading {
  /** Share of the collections whose indexes were seen so far. */
  readonly coverage: number;
  readonly indexesSeconds: number;
  readonly storageSeconds: number;
  /** Longest reading of a group that belongs to every poll. */
  readonly fastSeconds: number;
  readonly cpuMs: number;
  readonly memoryMiB: MemoryMiB;
  readonly truncatedRows: number;
  readonly series: number;
  readonly errors: number;
  readonly atSeconds: number;
}

interface Figures {
  readonly collections: number;
  readonly readings: readonly Reading[];
  readonly commands: Readonly<Record<string, number>>;
}

const slow = ['indexes', 'storage'];

/** What a replica set with 12,000 collections costs the agent, beside one with ten. */
export async function benchMongodb(run: Run): Promise<Report> {
  const small = await measure(10, run);
  const large = await measure(run.isQuick ? 3_000 : 12_000, run);
  return report(small, large);
}

async function measure(collections: number, run: Run): Promise<Figures> {
  await using double = await startLargeDouble(collections);
  run.say(`${collections} collections: double started`);
  // Read apart and one after another, more often than anybody would, so that a rotation does not take an hour.
  const everyMs = 10_000;
  const every = { every: `${everyMs / 1000}s` };
  const target = {
    id: 'large',
    engine: 'mongodb',
    url: { env: 'URL' },
    groups: { indexes: every, storage: every },
  };
  await using agent = await startReeve({
    name: `${collections} collections`,
    config: { targets: [target], log: { level: 'warn' } },
    env: { URL: double.uri },
  });
  const startedMs = performance.now();
  const readings: Reading[] = [];
  let cpuMs = readCpuMs(agent.pid);
  // Two after the last collection was seen: what is remembered does not grow any more.
  for (let after = 0; after < 2 && readings.length < 40; ) {
    await delay(everyMs);
    const now = readCpuMs(agent.pid);
    const reading = await look(agent, now - cpuMs, startedMs);
    cpuMs = now;
    readings.push(reading);
    run.say(`${collections} collections: ${Math.round(reading.coverage * 100)} % seen`);
    if (reading.coverage >= 1) after += 1;
  }
  return { collections, readings, commands: await double.commands() };
}

async function look(agent: Agent, cpuMs: number, startedMs: number): Promise<Reading> {
  const page = await agent.scraper.read();
  const durations = samplesOf(page, 'reeve_collect_duration_seconds');
  const of = (group: string): number =>
    durations.find(({ labels }) => labels['group'] === group)?.value ?? Number.NaN;
  const fast = durations.filter(({ labels }) => !slow.includes(labels['group'] ?? ''));
  return {
    coverage: sumOf(page, 'reeve_mongodb_index_coverage_ratio'),
    indexesSeconds: of('indexes'),
    storageSeconds: of('storage'),
    fastSeconds: Math.max(...fast.map(({ value }) => value)),
    cpuMs,
    memoryMiB: await readMemoryMiB(agent.pid),
    truncatedRows: sumOf(page, 'reeve_collect_truncated_rows'),
    series: countSeries(page),
    errors: sumOf(page, 'reeve_collect_errors_total'),
    atSeconds: (performance.now() - startedMs) / 1000,
  };
}

function report(small: Figures, large: Figures): Report {
  const [before, after] = [small, large].map(({ readings }) =>
    mostOf(readings, ({ memoryMiB }) => memoryMiB.peak),
  );
  const name = `${large.collections.toLocaleString('en-US')} collections`;
  return {
    title: `${name} of three indexes on three members, a DOUBLE of MongoDB`,
    aims: [
      aimBelow(
        `${name}: a reading of indexes within its deadline`,
        mostOf(large.readings, ({ indexesSeconds }) => indexesSeconds),
        120,
        ' s',
      ),
      aimBelow(
        `${name}: a reading of a poll within its deadline`,
        mostOf(large.readings, ({ fastSeconds }) => fastSeconds),
        10,
        ' s',
      ),
      aimAtMost(
        `${name}: memory above ten collections`,
        (after ?? Number.NaN) - (before ?? Number.NaN),
        100,
        ' MiB',
      ),
      aimAtMost(
        `${name}: series`,
        mostOf(large.readings, ({ series }) => series),
        1_000,
        '',
      ),
      aimAtMost(`${name}: errors`, large.readings.at(-1)?.errors ?? Number.NaN, 0, ''),
    ],
    tables: [small, large].map((figures) => ({
      title: `${figures.collections.toLocaleString('en-US')} collections, reading by reading`,
      columns: [
        's',
        'collections seen',
        'indexes s',
        'storage s',
        'slowest of a poll s',
        'CPU ms',
        'resident MiB',
        'peak',
        'rows truncated',
        'series',
      ],
      rows: figures.readings.map((each) => [
        round(each.atSeconds),
        `${round(each.coverage * 100)} %`,
        round(each.indexesSeconds),
        round(each.storageSeconds),
        round(each.fastSeconds),
        round(each.cpuMs),
        round(each.memoryMiB.now),
        round(each.memoryMiB.peak),
        round(each.truncatedRows),
        round(each.series),
      ]),
      notes: [
        `Commands to all members together: ${Object.entries(figures.commands)
          .toSorted(([, one], [, other]) => other - one)
          .slice(0, 8)
          .map(([command, count]) => `${command} ${count}`)
          .join(', ')}.`,
      ],
    })),
    method: [
      `Reeve ${reeveEntry().description}, one target, polled every 15 s; indexes and storage every 10 s instead of every 10 and 5 minutes, so that all collections are visited within the run. With defaults (2,000 collections a reading) 12,000 collections are visited within an hour.`,
      'The server is a DOUBLE (tests/support/mongod) in a process of its own on the same cores: it answers from memory, without locks, storage or load. What a real server takes for these commands is not in these figures; the number of commands is.',
      "Debian's prometheus-mongodb-exporter (1.0.0, of 2018) is not beside it: against the double it says `no reachable servers` and `mongodb_up 0`. Its driver speaks the old protocol (OP_QUERY), of which the double knows only the hello.",
    ],
    raw: { small, large },
  };
}

function mostOf(readings: readonly Reading[], read: (reading: Reading) => number): number {
  return Math.max(...readings.map(read).filter((value) => !Number.isNaN(value)));
}
