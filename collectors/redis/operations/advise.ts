import type { DetailRow, EvidenceDraft, Snapshot } from '../../../src/sdk.ts';
import { advices, docsUrl, pipeliningAdvice, unknownAdvice } from './advice-table.ts';

/** One command over all servers of the target. */
interface SlowCommand {
  readonly command: string;
  readonly times: readonly number[];
  readonly nodes: ReadonlySet<string>;
  readonly newestAt: string;
}

interface CommandTotals {
  readonly calls: number;
  readonly seconds: number;
}

const mostAdvices = 30;
/** Short enough that the network costs more, and so frequent that it matters. */
const shortSeconds = 50e-6;
const frequentShare = 0.3;
const frequentCalls = 100_000;
const single: ReadonlySet<string> = new Set([
  'get',
  'set',
  'hget',
  'hset',
  'incr',
  'sadd',
  'zadd',
  'lpush',
  'rpush',
  'expire',
  'exists',
  'setex',
]);

/**
 * What to write instead of slow commands, the costliest first. Commands only: their arguments, and so the names of keys, are dropped
 * where the slow log is read.
 */
export function adviseCommands(snapshot: Snapshot | undefined): readonly EvidenceDraft[] {
  const slow = gather(rowsOf(snapshot, 'slow_commands'));
  const totals = totalsOf(rowsOf(snapshot, 'commands'));
  const sorted = slow.toSorted((one, other) => sumOf(other.times) - sumOf(one.times));
  const calls = [...totals.values()].reduce((sum, each) => sum + each.calls, 0);
  const frequent = [...totals]
    .filter(([command, each]) => isPipelined(command, each, calls))
    .toSorted(([, one], [, other]) => other.calls - one.calls);
  return [
    ...sorted.map((each) => slowAdvice(each, totals.get(each.command))),
    ...frequent.map(([command, each]) => pipelining(command, each, calls)),
  ].slice(0, mostAdvices);
}

function rowsOf(snapshot: Snapshot | undefined, kind: string): readonly DetailRow[] {
  return (snapshot?.readings ?? []).flatMap(({ details }) => details[kind] ?? []);
}

function gather(rows: readonly DetailRow[]): readonly SlowCommand[] {
  const groups = Map.groupBy(rows, ({ command }) => nameOf(command));
  return [...groups].map(([command, entries]) => ({
    command,
    times: entries.flatMap(({ durationSeconds }) =>
      typeof durationSeconds === 'number' ? [durationSeconds] : [],
    ),
    nodes: new Set(entries.map(({ node }) => String(node))),
    newestAt:
      entries
        .map(({ at }) => String(at))
        .toSorted()
        .at(-1) ?? '',
  }));
}

function totalsOf(rows: readonly DetailRow[]): ReadonlyMap<string, CommandTotals> {
  const totals = new Map<string, CommandTotals>();
  for (const { command, calls, seconds } of rows) {
    if (typeof calls !== 'number' || typeof seconds !== 'number') continue;
    const name = nameOf(command);
    const before = totals.get(name) ?? { calls: 0, seconds: 0 };
    totals.set(name, { calls: before.calls + calls, seconds: before.seconds + seconds });
  }
  return totals;
}

/** Anything else than a command's name could be what a client sent. */
function nameOf(command: unknown): string {
  return typeof command === 'string' && /^[a-z][a-z0-9_.|-]{0,39}$/.test(command)
    ? command
    : 'another command';
}

function slowAdvice(
  { command, times, nodes, newestAt }: SlowCommand,
  totals: CommandTotals | undefined,
): EvidenceDraft {
  const [name = command] = command.split('|');
  const advice = advices.find(({ commands }) => commands.includes(name)) ?? unknownAdvice;
  const slowest = times.length === 0 ? 0 : Math.max(...times);
  const text = command.toUpperCase().replace('|', ' ');
  return {
    kind: 'advice',
    title: `${text}: ${times.length} in the slow log, up to ${shown(slowest)}; ${advice.why}`,
    body: {
      command: text,
      why: advice.why,
      instead: advice.instead,
      slowLogEntries: times.length,
      slowestSeconds: slowest,
      meanSeconds: times.length === 0 ? null : sumOf(times) / times.length,
      newestAt,
      nodes: [...nodes].toSorted(),
      callsSinceStart: totals?.calls ?? null,
      meanSecondsSinceStart:
        totals === undefined || totals.calls === 0 ? null : totals.seconds / totals.calls,
      docs: `${docsUrl}${name === 'another command' ? '' : `${name}/`}`,
    },
  };
}

function isPipelined(command: string, { calls, seconds }: CommandTotals, all: number): boolean {
  return (
    single.has(command) &&
    calls >= frequentCalls &&
    calls >= frequentShare * all &&
    seconds / calls <= shortSeconds
  );
}

function pipelining(command: string, { calls, seconds }: CommandTotals, all: number): EvidenceDraft {
  const share = calls / all;
  const text = command.toUpperCase();
  return {
    kind: 'advice',
    title: `${text}: ${Math.round(share * 100)} % of all calls since the start; ${pipeliningAdvice.why}`,
    body: {
      command: text,
      ...pipeliningAdvice,
      callsSinceStart: calls,
      meanSecondsSinceStart: seconds / calls,
      docs: 'https://redis.io/docs/latest/develop/using-commands/pipelining/',
    },
  };
}

function sumOf(times: readonly number[]): number {
  return times.reduce((sum, time) => sum + time, 0);
}

function shown(seconds: number): string {
  return seconds >= 1 ? `${seconds.toFixed(1)} s` : `${(seconds * 1_000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
}
