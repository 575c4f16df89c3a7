import { type Clock, CollectError } from '../../src/sdk.ts';
import type { MongodbOptions } from './config.ts';
import type { Deployment } from './deployment.ts';
import { booleanAt, type Document, textAt } from './document.ts';
import type { Member } from './member.ts';
import type { MongodbContext } from './metrics.ts';
import type { Reader } from './readers.ts';
import { valueAt } from './status-fields.ts';

export interface ShardingInput {
  readonly clock: Clock;
  readonly options: Pick<MongodbOptions, 'checkMetadata'>;
}

/** Counting chunks reads them all, so the count is kept for a while. */
const chunksEveryMs = 10 * 60_000;
const metadataEveryMs = 60 * 60_000;
const mostInconsistencies = 500;
const mostKinds = 20;
const mostShards = 1_000;

interface ShardChunks {
  readonly shard: string;
  /** Undefined when the count cannot be read. */
  readonly chunks: number | undefined;
  readonly jumbo: number | undefined;
}

/** Balancer, chunks and shards, as a mongos knows them. Reads nothing where there is no mongos. */
export function createShardingReader({ clock, options }: ShardingInput): Reader {
  const readChunks = kept(clock, chunksEveryMs, countChunks);
  const readInconsistencies = kept(clock, metadataEveryMs, checkMetadata);
  return async (deployment, context) => {
    if (deployment.kind !== 'sharded') return;
    const mongos = deployment.mongoses.find(({ hello }) => hello !== undefined);
    if (mongos === undefined) throw new CollectError('unreachable', 'no mongos of the target answers');
    await context.attempt('balancer', (inner) => readBalancer(mongos, inner));
    await context.attempt('shards', async (inner) => {
      const shards = await readShards(mongos, inner);
      const chunks = await readChunks(mongos, inner.signal);
      recordChunks(shards, chunks, inner);
    });
    await readMigrations(deployment, context);
    if (!options.checkMetadata) return;
    await context.attempt('checkMetadataConsistency', async (inner) =>
      recordInconsistencies(await readInconsistencies(mongos, inner.signal), inner),
    );
  };
}

/** The latest answer while it is fresh enough, and a new one otherwise. */
function kept<T>(
  clock: Clock,
  everyMs: number,
  read: (mongos: Member, signal: AbortSignal) => Promise<T>,
): typeof read {
  let latest: { readonly atMs: number; readonly value: T } | undefined;
  return async (mongos, signal) => {
    if (latest === undefined || clock.monotonicMs() - latest.atMs >= everyMs)
      latest = { value: await read(mongos, signal), atMs: clock.monotonicMs() };
    return latest.value;
  };
}

async function readBalancer(mongos: Member, context: MongodbContext): Promise<void> {
  const answer = await mongos.client.command('admin', { balancerStatus: 1 }, asking(context.signal));
  const mode = textAt(answer, 'mode');
  const isRunning = booleanAt(answer, 'inBalancerRound');
  context.record('balancerEnabled', mode === undefined ? undefined : Number(mode === 'full'), {});
  context.record('balancerRunning', isRunning === undefined ? undefined : Number(isRunning), {});
  if (mode === undefined || mode === 'full') return;
  context.find({
    code: 'balancer_off',
    severity: 'info',
    subject: '',
    message: 'the balancer is off: chunks stay where they are, also those of a shard that is being drained',
    remedy: 'sh.startBalancer()',
  });
}

async function readShards(mongos: Member, context: MongodbContext): Promise<readonly string[]> {
  const find: Document = {
    find: 'shards',
    filter: {},
    projection: { _id: 1, draining: 1 },
    limit: mostShards,
  };
  const shards: string[] = [];
  let draining = 0;
  for await (const row of mongos.client.query('config', find, asking(context.signal))) {
    const name = textAt(row, '_id');
    if (name === undefined) continue;
    shards.push(name);
    if (booleanAt(row, 'draining') === true) draining += 1;
  }
  context.record('shards', shards.length, {});
  context.record('drainingShards', draining, {});
  return shards;
}

async function countChunks(mongos: Member, signal: AbortSignal): Promise<readonly ShardChunks[]> {
  const isJumbo = { $cond: [{ $eq: ['$jumbo', true] }, 1, 0] };
  const aggregate: Document = {
    aggregate: 'chunks',
    pipeline: [{ $group: { _id: '$shard', chunks: { $sum: 1 }, jumbo: { $sum: isJumbo } } }],
  };
  const counted: ShardChunks[] = [];
  for await (const row of mongos.client.query('config', aggregate, asking(signal))) {
    const shard = textAt(row, '_id');
    if (shard !== undefined)
      counted.push({ shard, chunks: valueAt(row, 'chunks'), jumbo: valueAt(row, 'jumbo') });
  }
  return counted;
}

/** A shard that is there and holds no chunk has none. */
function recordChunks(
  shards: readonly string[],
  counted: readonly ShardChunks[],
  context: MongodbContext,
): void {
  for (const shard of shards) {
    const { chunks, jumbo } = counted.find((each) => each.shard === shard) ?? { chunks: 0, jumbo: 0 };
    context.record('chunks', chunks, { shard });
    context.record('jumboChunks', jumbo, { shard });
  }
}

/** Counters of the primary that a shard has now; they begin anew at a failover, as at a restart. */
async function readMigrations({ sets }: Deployment, context: MongodbContext): Promise<void> {
  for (const { primary, shard, isConfig } of sets) {
    if (primary === undefined || shard === undefined || isConfig) continue;
    await context.attempt(primary.name, async (inner) => {
      const { status } = await primary.status(context.now, inner.signal);
      for (const [metric, field] of [
        ['migrationsStarted', 'countDonorMoveChunkStarted'],
        ['migrationsCommitted', 'countDonorMoveChunkCommitted'],
        ['migrationsFailed', 'countDonorMoveChunkAborted'],
      ] as const)
        inner.record(metric, valueAt(status, `shardingStatistics.${field}`), { shard });
    });
  }
}

async function checkMetadata(mongos: Member, signal: AbortSignal): Promise<readonly Document[]> {
  const command: Document = { checkMetadataConsistency: 1, checkIndexes: true };
  const found: Document[] = [];
  for await (const row of mongos.client.query('admin', command, asking(signal))) {
    found.push(row);
    if (found.length > mostInconsistencies) break;
  }
  return found;
}

function recordInconsistencies(rows: readonly Document[], context: MongodbContext): void {
  const kinds = Map.groupBy(rows, (row) => textAt(row, 'type') ?? 'unknown');
  // It was looked for, and this is what was not found.
  if (!kinds.has('InconsistentIndex'))
    context.record('inconsistentMetadata', 0, { kind: 'InconsistentIndex' });
  for (const [kind, found] of [...kinds].slice(0, mostKinds))
    context.record('inconsistentMetadata', found.length, { kind });
  context.truncate(Math.max(0, rows.length - mostInconsistencies, kinds.size - mostKinds));
  context.detail(
    'metadata_inconsistencies',
    rows.map((row) => ({
      kind: textAt(row, 'type') ?? 'unknown',
      description: textAt(row, 'description')?.slice(0, 300) ?? null,
      namespace: textAt(row, 'details.namespace') ?? null,
    })),
  );
}

function asking(signal: AbortSignal) {
  return { signal, group: 'sharding' };
}
