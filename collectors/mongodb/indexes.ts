import { CollectError, type CollectorInput, toCollectError } from '../../src/sdk.ts';
import { type BoundedAsking, listCollections, listDatabases, OutOfTime } from './collections.ts';
import type { MongodbOptions } from './config.ts';
import type { Deployment, ReplicaSet } from './deployment.ts';
import { mongodbGroups } from './groups.ts';
import { assertClock } from './index-clock.ts';
import { recordIndexes } from './index-metrics.ts';
import { divideFurther, divideIntoUnits, type IndexUnit } from './index-rotation.ts';
import { findLoneShard, readSharding } from './index-sharding.ts';
import { readUnit, type UnitRequest, type UnitResult } from './index-unit.ts';
import { keepPattern } from './index-verdicts.ts';
import type { WatchedSet } from './index-watch.ts';
import type { Member } from './member.ts';
import type { MongodbContext } from './metrics.ts';
import type { Reader } from './readers.ts';
import type { ShardingCatalog } from './sharding-catalog.ts';

/** What of the collector this group needs. */
export type IndexesInput = Pick<
  CollectorInput<MongodbOptions>,
  'target' | 'options' | 'history' | 'clock' | 'memory'
>;

/** Where the rotation over all collections stands. */
interface Rotation {
  readonly units: readonly IndexUnit[];
  /** Names of the sets whose collections were listed. */
  readonly sets: ReadonlySet<string>;
  readonly sharding: ShardingCatalog | 'unknown' | undefined;
  /** Whether the collections of some shard could not be listed. */
  readonly isPartial: boolean;
  readonly listedAtMs: number;
}

/** Part of the time for a reading after which nothing new is begun; what is left is for the command that is under way. */
const spendable = 0.8;

/**
 * Follows the use of every index on every data-bearing member of every shard, and judges it. With more collections than
 * `collectionsPerReading`, readings take turns; what was not visited this time keeps its verdict until it is three rotations old.
 */
export function createIndexesReader(input: IndexesInput): Reader {
  const reader = new IndexesReader(input);
  return (deployment, context) => reader.read(deployment, context);
}

class IndexesReader {
  readonly #input: IndexesInput;
  readonly #isListed: (fullName: string) => boolean;
  readonly #results = new Map<string, UnitResult>();
  /** When each scope was last begun, in milliseconds that only grow. */
  readonly #triedAtMs = new Map<string, number>();
  #rotation: Rotation | undefined;

  constructor(input: IndexesInput) {
    this.#input = input;
    this.#isListed = keepPattern(input.options.keepIndexes);
  }

  async read(deployment: Deployment, context: MongodbContext): Promise<void> {
    const { clock } = this.#input;
    assertClock(deployment, clock.now());
    const endMs = clock.monotonicMs() + mongodbGroups.indexes.apartDeadlineMs * spendable;
    const asking: BoundedAsking = {
      group: 'indexes',
      signal: context.signal,
      isOver: () => clock.monotonicMs() >= endMs,
    };
    const sets = deployment.sets.map(toWatchedSet);
    const problems = new Map<string, CollectError>();
    const rotation = await this.#listWhenDue(deployment, sets, asking, problems);
    const isPartial = rotation.isPartial || deployment.unknownShards.length > 0;
    const failed = new Map<Member, CollectError>();
    await this.#visit(rotation, {
      ...this.#input,
      sets,
      asking,
      rules: { sharding: rotation.sharding, isPartial, isListed: this.#isListed },
      shardsCluster: `mongodb:shards:${this.#input.target.id}`,
      unusedAfterMs: this.#input.target.unusedAfterMs,
      freshWithinMs: 3 * this.#rotationMs(rotation),
      failed,
      onUnreadable: ({ name }, error) => problems.set(name, problems.get(name) ?? error),
      onOutOfTime: (database, error) => problems.set(database, error),
    });
    for (const [{ name }, error] of failed) problems.set(name, error);
    const [first] = problems.values();
    const isBlind = [...this.#results.values()].every(({ isReadable }) => !isReadable);
    if (first !== undefined && isBlind) throw explained(first, deployment);
    for (const [subject, error] of problems) {
      await context.attempt(subject, async () => {
        throw explained(error, deployment);
      });
    }
    if (rotation.sharding === 'unknown') findLoneShard(deployment, context);
    this.#record(rotation, context, deployment.kind === 'sharded');
  }

  /** Units that were not visited for longest come first, within the budgets of collections and of time. */
  async #visit(
    { units }: Rotation,
    request: UnitRequest & { readonly onOutOfTime: (database: string, error: CollectError) => void },
  ): Promise<void> {
    const { clock, options } = this.#input;
    const triedMs = ({ scope }: IndexUnit): number => this.#triedAtMs.get(scope) ?? Number.NEGATIVE_INFINITY;
    const due = [...units].sort((one, other) => triedMs(one) - triedMs(other) || 0);
    let left = options.collectionsPerReading;
    for (const [position, unit] of due.entries()) {
      if (position > 0 && (left < unit.size || request.asking.isOver())) return;
      left -= unit.size;
      const startMs = clock.monotonicMs();
      try {
        const result = await readUnit(unit, request);
        if (result === undefined) this.#results.delete(unit.scope);
        else this.#results.set(unit.scope, result);
      } catch (thrown) {
        if (!(thrown instanceof OutOfTime)) throw thrown;
        // It is the first of the next reading; when that does not suffice either, it is divided, and the others have their turn.
        if (position > 0) return;
        if (divideFurther(unit, this.#input.memory)) this.#rotation = undefined;
        request.onOutOfTime(unit.database, tooSlow(unit));
      }
      this.#triedAtMs.set(unit.scope, startMs);
    }
  }

  async #listWhenDue(
    deployment: Deployment,
    sets: readonly WatchedSet[],
    asking: BoundedAsking,
    problems: Map<string, CollectError>,
  ): Promise<Rotation> {
    const known = this.#rotation;
    const isUnderWay = known?.units.some(
      ({ scope }) => (this.#triedAtMs.get(scope) ?? -1) < known.listedAtMs,
    );
    const isWhole = known?.isPartial === false && known.sharding !== 'unknown';
    // A shard that came since may have taken over what another one served.
    if (isUnderWay && isWhole && sets.every(({ name }) => known.sets.has(name))) return known;
    const listedAtMs = this.#input.clock.monotonicMs();
    const catalog = new Map<string, ReadonlyMap<string, readonly string[]>>();
    await Promise.all(
      sets.map(async (set) => {
        try {
          catalog.set(set.name, await listSet(set, asking));
        } catch (thrown) {
          if (asking.signal.aborted) throw thrown;
          problems.set(set.name, toCollectError(thrown));
        }
      }),
    );
    if (catalog.size === 0 && sets.length > 0) throw explained([...problems.values()][0], deployment);
    const sharding = await readSharding(deployment, asking, problems);
    const isPartial = catalog.size < sets.length;
    const units = divideIntoUnits(catalog, this.#input.memory, this.#input.options.collectionsPerReading);
    if (!isPartial) this.#forgetOthers(units);
    this.#rotation = { units, sets: new Set(catalog.keys()), sharding, isPartial, listedAtMs };
    return this.#rotation;
  }

  #forgetOthers(units: readonly IndexUnit[]): void {
    const scopes = new Set(units.map(({ scope }) => scope));
    for (const scope of this.#triedAtMs.keys()) if (!scopes.has(scope)) this.#triedAtMs.delete(scope);
    for (const scope of this.#results.keys()) if (!scopes.has(scope)) this.#results.delete(scope);
  }

  /** How long it takes to visit all collections: as planned, or as it is seen to take. */
  #rotationMs({ units }: Rotation): number {
    const { target, options, clock } = this.#input;
    const everyMs = Math.max(
      target.groups['indexes']?.everyMs ?? mongodbGroups.indexes.everyMs,
      target.intervalMs,
    );
    const collections = units.reduce((sum, { size }) => sum + size, 0);
    const planned = Math.max(1, Math.ceil(collections / options.collectionsPerReading)) * everyMs;
    const tried = units.map(({ scope }) => this.#triedAtMs.get(scope));
    const known = tried.filter((time) => time !== undefined);
    if (known.length === 0 || known.length < tried.length) return planned;
    return Math.max(planned, clock.monotonicMs() - Math.min(...known));
  }

  #record(rotation: Rotation, context: MongodbContext, isSharded: boolean): void {
    const { clock } = this.#input;
    const oldestMs = clock.monotonicMs() - 3 * this.#rotationMs(rotation);
    for (const [scope, { atMs }] of this.#results) if (atMs < oldestMs) this.#results.delete(scope);
    const visited = rotation.units.map(({ database, scope, size }) => ({
      database,
      size,
      result: this.#results.get(scope),
    }));
    recordIndexes(visited, { isSharded, now: clock.now() }, context);
  }
}

/** Asks the primary, or who else answers: all members have the same collections. */
async function listSet(
  set: WatchedSet,
  asking: BoundedAsking,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const first = set.primary === undefined ? [] : [set.primary];
  const others = set.members.filter((member) => member !== set.primary && member.hello !== undefined);
  let problem: CollectError | undefined;
  for (const member of [...first, ...others].slice(0, 3)) {
    try {
      const listed = new Map<string, readonly string[]>();
      for (const database of await listDatabases(member, asking))
        listed.set(database, await listCollections(member, database, asking));
      return listed;
    } catch (thrown) {
      if (asking.signal.aborted) throw thrown;
      problem = toCollectError(thrown);
    }
  }
  throw problem ?? new CollectError('unreachable', `no member of ${set.name} answers`);
}

function toWatchedSet(set: ReplicaSet): WatchedSet {
  const [first] = set.members;
  const name = set.shard ?? set.name ?? first?.name ?? '';
  return {
    name,
    cluster: `mongodb:${set.id ?? (set.name === undefined ? `standalone:${name}` : `set:${set.name}`)}`,
    members: set.members.filter(({ facts }) => facts.kind === 'data'),
    isComplete: set.isComplete,
    primary: set.primary,
  };
}

function tooSlow({ database, size }: IndexUnit): CollectError {
  return new CollectError(
    'timeout',
    `${size} collections of database "${database}" could not be visited in the time of one reading; they are tried in smaller parts next, and other databases first`,
  );
}

/** In a sharded cluster a denial has a reason that the server does not name. */
function explained(error: CollectError | undefined, { kind }: Deployment): CollectError {
  if (error === undefined) return new CollectError('unreachable', 'no member answers');
  if (error.code !== 'denied' || kind !== 'sharded') return error;
  const hint =
    'the members of shards are read directly, which needs the same user on each shard, and from MongoDB 8.0 on the role directShardOperations on admin as well';
  return new CollectError('denied', `${error.message}; ${hint}`, { cause: error });
}
