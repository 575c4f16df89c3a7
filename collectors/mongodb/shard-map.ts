import { CollectError, type Memory, toCollectError } from '../../src/sdk.ts';
import { type Address, parseSetAddress } from './address.ts';
import { at, type Document, listAt, textAt, textsAt } from './document.ts';
import type { Member } from './member.ts';

/** Shards are asked for again after this long. */
const everyMs = 60_000;

const memoryKey = 'shards';
/** More is not remembered over a restart. */
const longestText = 200_000;

/** Id and connection string of a shard, or of the config servers. */
type Named = readonly [string | undefined, string | undefined];

/**
 * Which replica sets are the shards of a cluster, as a mongos names them. What was known stays while none can say, also over a restart of
 * the agent: without it every shard would look like a replica set of its own, whose indexes no shard key needs.
 */
export class ShardMap {
  readonly #memory: Memory;
  /** The addresses of the target's URL: what was remembered of others is not of this cluster. */
  readonly #seeds: string;
  #shards: ReadonlyMap<string, string> = new Map();
  #hosts: ReadonlyMap<string, readonly Address[]> = new Map();
  #configSet: string | undefined;
  #readAtMs: number | undefined;

  constructor(memory: Memory, seeds: string) {
    this.#memory = memory;
    this.#seeds = seeds;
    this.#recall();
  }

  /** Replica set to shard; `config` is the one of the config servers. */
  get shards(): ReadonlyMap<string, string> {
    return this.#shards;
  }

  /** The set of the config servers; undefined when it is a shard too. */
  get configSet(): string | undefined {
    return this.#configSet;
  }

  /** Replica set to the members that mongos knows: not the hidden ones. */
  get hosts(): ReadonlyMap<string, readonly Address[]> {
    return this.#hosts;
  }

  /** Asks the first mongos that answers. Failure is kept with the mongos when nothing is known yet. */
  async read(mongoses: readonly Member[], nowMs: number, signal: AbortSignal): Promise<void> {
    const mongos = mongoses.find(({ hello }) => hello !== undefined);
    if (mongos === undefined || (this.#readAtMs !== undefined && nowMs - this.#readAtMs < everyMs)) return;
    const options = { signal, group: 'availability' };
    try {
      const answer = await mongos.client.command('admin', { listShards: 1 }, options);
      const status = await mongos.client.command('admin', shardingStatusCommand, options);
      const all = listAt(answer, 'shards').map(
        (shard) => [textAt(shard, '_id'), textAt(shard, 'host')] as const,
      );
      const config = textAt(status, 'sharding.configsvrConnectionString');
      const configSet = parseSetAddress(config ?? '').set;
      if (!Array.isArray(at(answer, 'shards')))
        throw new CollectError('malformed', `listShards on ${mongos.name} lists nothing`);
      this.#take([...all, ['config', config]]);
      // From 8.0 on the config servers can hold data of their own, as a shard with this id.
      this.#configSet = all.some(([id]) => id === 'config') ? undefined : configSet;
      this.#readAtMs = nowMs;
      this.#remember([...all, ['config', config]]);
    } catch (thrown) {
      if (this.#readAtMs === undefined) mongos.failure = toCollectError(thrown);
    }
  }

  /** There is no such cluster any more. */
  forget(): void {
    this.#take([]);
    this.#configSet = undefined;
    this.#readAtMs = undefined;
    this.#memory.write(memoryKey, '');
  }

  #remember(all: readonly Named[]): void {
    const shards = all.map(([id, text]) => [id ?? '', text ?? '']);
    const value = JSON.stringify({ seeds: this.#seeds, shards, configSet: this.#configSet ?? '' });
    if (value.length < longestText && value !== this.#memory.read(memoryKey))
      this.#memory.write(memoryKey, value);
  }

  #recall(): void {
    const text = this.#memory.read(memoryKey) ?? '';
    const value: unknown = text === '' ? undefined : JSON.parse(text);
    const shards = at(value, 'shards');
    if (textAt(value, 'seeds') !== this.#seeds || !Array.isArray(shards)) return;
    this.#take(
      shards.map((_, position): Named => {
        const [id, hosts] = textsAt(value, `shards.${position}`);
        return [id, hosts];
      }),
    );
    this.#configSet = textAt(value, 'configSet') || undefined;
  }

  #take(all: readonly Named[]): void {
    const shards = new Map<string, string>();
    const hosts = new Map<string, readonly Address[]>();
    for (const [id, text] of all) {
      const { set, hosts: addresses } = parseSetAddress(text ?? '');
      if (id === undefined || set === undefined || shards.has(set)) continue;
      shards.set(set, id);
      hosts.set(set, addresses);
    }
    this.#shards = shards;
    this.#hosts = hosts;
  }
}

/** Only the section that names the config servers. */
export const shardingStatusCommand: Document = {
  serverStatus: 1,
  metrics: 0,
  locks: 0,
  tcmalloc: 0,
  opcounters: 0,
  network: 0,
};
