import { type Assumption, type Clock, messageOf } from '../../src/sdk.ts';
import type { Info } from './info.ts';
import type { RedisNode } from './node.ts';

/** What one server shows, before and a moment after keys were asked for in the way that samples them. */
interface Seen {
  readonly before: Info;
  readonly after: Info;
}

interface Trial {
  readonly statement: string;
  /** Whether it holds (undefined: nothing here to try it on), and what was seen. */
  readonly judge: (seen: Seen) => { readonly holds: boolean | undefined; readonly evidence: string };
}

const counters = [
  'keyspace_hits',
  'keyspace_misses',
  'total_commands_processed',
  'total_connections_received',
] as const;

const trials: readonly Trial[] = [
  {
    statement: 'INFO names the life of the server, its role and its uptime.',
    judge: ({ after }) => ({
      holds: ['run_id', 'role', 'uptime_in_seconds'].every((field) => after.text(field) !== undefined),
      evidence: `run_id ${after.text('run_id') === undefined ? 'missing' : 'given'}, role ${after.text('role')}, uptime ${after.text('uptime_in_seconds')} s`,
    }),
  },
  {
    statement: 'Counters only grow within one life of the server.',
    judge: ({ before, after }) => {
      const fallen = counters.filter((field) => (before.number(field) ?? 0) > (after.number(field) ?? 0));
      const isSameLife = before.text('run_id') === after.text('run_id');
      return {
        holds: isSameLife ? fallen.length === 0 : undefined,
        evidence: isSameLife
          ? `${counters.length - fallen.length} of ${counters.length} did`
          : 'it restarted meanwhile',
      };
    },
  },
  {
    statement: 'MEMORY USAGE and SCAN, which sample keys, count neither as hits nor as misses.',
    judge: ({ before, after }) => {
      const grown = lookups(after) - lookups(before);
      // Other clients look keys up too: growth proves nothing.
      return {
        holds: grown === 0 ? true : undefined,
        evidence: grown === 0 ? 'no lookup was counted' : `other clients did ${grown} lookups meanwhile`,
      };
    },
  },
  {
    statement: 'A primary says which offset it has written, and each replica which it has acknowledged.',
    judge: ({ after }) => {
      const replicas = after.number('connected_slaves') ?? 0;
      if (after.text('role') !== 'master' || replicas === 0)
        return { holds: undefined, evidence: 'no primary with replicas' };
      const isGiven =
        after.number('master_repl_offset') !== undefined &&
        after.text('slave0')?.includes('offset=') === true;
      return { holds: isGiven, evidence: `${replicas} replicas` };
    },
  },
];

const betweenMs = 1_000;

/** Tries on each server what the readings take for granted, by reading only. */
export async function tryAssumptions(
  nodes: readonly RedisNode[],
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Assumption[]> {
  const tried: Assumption[] = [];
  for (const node of nodes) {
    try {
      const { info: before } = await node.refresh(signal);
      await node.connection().pipeline(
        [
          ['SCAN', '0', 'COUNT', '1'],
          ['MEMORY', 'USAGE', 'reeve:assumption-probe'],
        ],
        signal,
      );
      await clock.sleep(betweenMs, signal);
      const { info: after } = await node.refresh(signal);
      for (const { statement, judge } of trials) {
        const { holds, evidence } = judge({ before, after });
        tried.push({
          statement,
          verdict: holds === undefined ? 'untested' : holds ? 'holds' : 'broken',
          evidence: `${node.name}: ${evidence}`,
        });
      }
    } catch (thrown) {
      for (const { statement } of trials)
        tried.push({ statement, verdict: 'untested', evidence: `${node.name}: ${messageOf(thrown)}` });
    }
  }
  return tried;
}

function lookups(info: Info): number {
  return (info.number('keyspace_hits') ?? 0) + (info.number('keyspace_misses') ?? 0);
}
