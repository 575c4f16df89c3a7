import { toCollectError } from '../../src/sdk.ts';
import { type Address, parseSetAddress } from './address.ts';
import { type Document, listAt, textAt } from './document.ts';
import type { Member } from './member.ts';

/** Shards are asked for again after this long. */
const everyMs = 60_000;

/** Which replica sets are the shards of a cluster, as a mongos names them; what was known stays while none can say. */
export class ShardMap {
  #shards: ReadonlyMap<string, string> = new Map();
  #hosts: ReadonlyMap<string, readonly Address[]> = new Map();
  #configSet: string | undefined;
  #readAtMs: number | undefined;

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
      const status = await mongos.client.command('admin', statusCommand, options);
      const all = listAt(answer, 'shards').map(
        (shard) => [textAt(shard, '_id'), textAt(shard, 'host')] as const,
      );
      const config = textAt(status, 'sharding.configsvrConnectionString');
      const configSet = parseSetAddress(config ?? '').set;
      this.#take([...all, ['config', config]]);
      // From 8.0 on the config servers can hold data of their own, as a shard with this id.
      this.#configSet = all.some(([id]) => id === 'config') ? undefined : configSet;
      this.#readAtMs = nowMs;
    } catch (thrown) {
      if (this.#readAtMs === undefined) mongos.failure = toCollectError(thrown);
    }
  }

  #take(all: readonly (readonly [string | undefined, string | undefined])[]): void {
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
const statusCommand: Document = {
  serverStatus: 1,
  metrics: 0,
  locks: 0,
  tcmalloc: 0,
  opcounters: 0,
  network: 0,
};
