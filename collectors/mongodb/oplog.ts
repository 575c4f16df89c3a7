import { CollectError, toCollectError } from '../../src/sdk.ts';
import type { Deployment } from './deployment.ts';
import { at, type Document, timestampSeconds } from './document.ts';
import type { Member } from './member.ts';
import type { MongodbContext } from './metrics.ts';
import { replicating } from './replica-readings.ts';
import type { Replication } from './replication.ts';

/**
 * The oplog of every member, and what is left of the primary's for each replica.
 *
 * @see https://www.mongodb.com/docs/manual/core/replica-set-oplog/
 */
export async function readOplog(
  deployment: Deployment,
  context: MongodbContext,
  replication: Replication,
): Promise<void> {
  for (const set of replicating(deployment)) {
    const { primary, lags, readings } = await replication.of(set, context);
    let primaryWindow: number | undefined;
    for (const member of set.members.filter(({ facts }) => facts.kind === 'data')) {
      await context.attempt(member.name, async (inner) => {
        const status = readings.get(member);
        const isReadable = !(status instanceof CollectError) && readable.has(status?.state ?? '');
        const window = await readWindowSeconds(member, isReadable, inner);
        if (member === primary?.member) primaryWindow = window;
        inner.record('oplogWindowSeconds', window, { member: member.name });
      });
    }
    if (primaryWindow === undefined) continue;
    for (const [member, lag] of lags) {
      if (!('seconds' in lag)) continue;
      const left = primaryWindow - lag.seconds - member.facts.delaySeconds;
      context.record('oplogHeadroomSeconds', Math.max(0, left), { member: member.name });
    }
  }
}

/** States in which a member lets its oplog be read; in others a refusal is no error of ours. */
const readable = new Set(['PRIMARY', 'SECONDARY']);

/**
 * Asked by itself: a server that cannot read its oldest entry fails the whole command, and would take all other sections with it.
 */
const oplogCommand: Document = {
  serverStatus: 1,
  oplog: 1,
  metrics: 0,
  wiredTiger: 0,
  locks: 0,
  tcmalloc: 0,
  opcounters: 0,
  opcountersRepl: 0,
  network: 0,
  transactions: 0,
};

/** @throws {CollectError} `denied` without read on local, where serverStatus has no oplog section. */
async function readWindowSeconds(
  member: Member,
  isReadable: boolean,
  context: MongodbContext,
): Promise<number | undefined> {
  const status = await readOplogStatus(member, context);
  const first = timestampSeconds(at(status, 'oplog.earliestOptime'));
  const last = timestampSeconds(at(status, 'oplog.latestOptime'));
  if (first !== undefined && last !== undefined) return Math.max(0, last - first);
  if (!isReadable) return undefined;
  const [oldest, newest] = [await readEnd(member, 1, context), await readEnd(member, -1, context)];
  return oldest === undefined || newest === undefined ? undefined : Math.max(0, newest - oldest);
}

/** Undefined where the server has no answer (17347 among others), so that the oplog itself is read. */
export async function readOplogStatus(
  member: Member,
  { signal }: Pick<MongodbContext, 'signal'>,
): Promise<Document | undefined> {
  if (member.failure !== undefined) throw member.failure;
  try {
    return await member.client.command('admin', oplogCommand, { signal, group: 'oplog' });
  } catch (thrown) {
    const error = toCollectError(thrown);
    if (error.code === 'malformed' || error.code === 'unsupported') return undefined;
    throw error;
  }
}

/** Time of the first (1) or last (-1) entry in seconds; undefined while the oplog is empty. */
async function readEnd(
  member: Member,
  direction: 1 | -1,
  { signal }: MongodbContext,
): Promise<number | undefined> {
  const command: Document = {
    find: 'oplog.rs',
    sort: { $natural: direction },
    limit: 1,
    singleBatch: true,
    projection: { _id: 0, ts: 1 },
  };
  for await (const entry of member.client.query('local', command, { signal, group: 'oplog' })) {
    return timestampSeconds(entry['ts']);
  }
  return undefined;
}
