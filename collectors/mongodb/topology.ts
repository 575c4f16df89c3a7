import { type Clock, CollectError, type Memory } from '../../src/sdk.ts';
import { type Address, formatAddress, parseAddress } from './address.ts';
import type { Deployment } from './deployment.ts';
import { describeDeployment } from './describe-deployment.ts';
import type { Hello } from './hello.ts';
import { bearsData, Member, type MemberFacts } from './member.ts';
import { configOfHello, configOfHosts, parseReplicaConfig, type SetConfig } from './replica-config.ts';
import { type Resolver, resolveSeeds, type Seeds } from './seeds.ts';
import { ShardMap } from './shard-map.ts';
import type { Connecting } from './target-connect.ts';

export interface TopologyInput {
  readonly connecting: Connecting;
  /** Members that are not read, as host:port. */
  readonly exclude: readonly string[];
  readonly clock: Clock;
  readonly memory: Memory;
  readonly resolver?: Resolver;
}

/** The configuration of a set is read again after this long, or at once when its version changed. */
const configEveryMs = 60_000;
/** DNS is asked again after this long. */
const seedsEveryMs = 60_000;
const memoryKey = 'members';
const mostRemembered = 500;

const unknownFacts: MemberFacts = {
  kind: 'data',
  set: undefined,
  shard: undefined,
  ownName: undefined,
  hidden: false,
  delaySeconds: 0,
  priority: undefined,
  votes: undefined,
};

/** What is known of a replica set, by its name. */
interface KnownSet {
  readonly config: SetConfig;
  /** Whether the configuration itself was read once; what hello tells never replaces it. */
  readonly wasRead: boolean;
  readonly readAtMs: number;
  readonly version: number | undefined;
}

/** Finds all members of a deployment from any of them, and keeps them while the one that was named is down. */
export class Topology {
  readonly #input: TopologyInput;
  readonly #excluded: ReadonlySet<string>;
  /** By the name that the deployment gives them; a seed stands under its address until it said who it is. */
  readonly #members = new Map<string, Member>();
  /** Address to connect to, where a seed is reached by another than its own name. */
  readonly #seedOf = new Map<string, string>();
  readonly #sets = new Map<string, KnownSet>();
  readonly #shards = new ShardMap();
  #seeds: Seeds | undefined;
  #resolvedAtMs = 0;

  constructor(input: TopologyInput) {
    this.#input = input;
    this.#excluded = new Set(input.exclude.map((text) => formatName(text)));
  }

  /** @throws {CollectError} when no member answers. */
  async discover(signal: AbortSignal): Promise<Deployment> {
    await this.#begin();
    await this.#greet([...this.#members.values()], signal);
    this.#adoptNames();
    if ([...this.#members.values()].every(({ hello }) => hello === undefined)) throw this.#failure();
    await this.#shards.read(this.#mongoses(), this.#nowMs(), signal);
    await this.#addHosts(signal);
    await this.#readConfigs(signal);
    return describeDeployment({
      members: this.#members,
      configs: new Map([...this.#sets].map(([name, { config }]) => [name, config])),
      shards: this.#shards.shards,
      configSet: this.#shards.configSet,
    });
  }

  async close(): Promise<void> {
    const members = [...this.#members.values()];
    this.#members.clear();
    await Promise.all(members.map(({ client }) => client.close()));
  }

  /** Seeds that are nobody yet become members; after a restart also those that were known before. */
  async #begin(): Promise<void> {
    await this.#resolve();
    const known = new Set([...this.#members.keys(), ...this.#seedOf.values()]);
    const isFirst = this.#members.size === 0;
    for (const address of this.#seeds?.addresses ?? []) {
      if (!known.has(formatAddress(address))) this.#add(address, unknownFacts);
    }
    if (!isFirst) return;
    for (const address of this.#remembered()) this.#add(address, unknownFacts);
  }

  async #resolve(): Promise<void> {
    const nowMs = this.#nowMs();
    if (this.#seeds !== undefined && nowMs - this.#resolvedAtMs < seedsEveryMs) return;
    try {
      this.#seeds = await resolveSeeds(this.#input.connecting.url, this.#input.resolver);
      this.#resolvedAtMs = nowMs;
    } catch (thrown) {
      if (this.#seeds === undefined && this.#remembered().length === 0) throw thrown;
    }
  }

  async #greet(members: readonly Member[], signal: AbortSignal): Promise<void> {
    await Promise.all(
      members.map(async (member) => {
        await member.greet(signal);
        if (member.failure?.code !== 'denied' || member.facts.set !== undefined) return;
        // It may be an arbiter, which knows no users and still says who it is.
        const arbiter = await this.#asArbiter(member, signal);
        if (arbiter !== undefined) this.#members.set(member.name, arbiter);
      }),
    );
  }

  async #asArbiter(member: Member, signal: AbortSignal): Promise<Member | undefined> {
    const address = parseAddress(member.name);
    if (address === undefined) return undefined;
    const arbiter = this.#create(member.name, address, { ...unknownFacts, kind: 'arbiter' });
    await arbiter.greet(signal);
    if (arbiter.hello?.isArbiter) {
      await member.client.close();
      return arbiter;
    }
    await arbiter.client.close();
    return undefined;
  }

  /** A seed that says its name in the configuration stands under that name from now on. */
  #adoptNames(): void {
    for (const [name, member] of this.#members) {
      const { hello } = member;
      if (hello === undefined) continue;
      if (hello.isMongos) member.facts = { ...unknownFacts, kind: 'mongos' };
      else if (hello.set !== undefined) this.#rename(name, member, hello);
    }
  }

  #rename(name: string, member: Member, hello: Hello): void {
    const { me } = hello;
    const facts: MemberFacts = {
      ...member.facts,
      set: hello.set,
      kind: hello.isArbiter ? 'arbiter' : 'data',
    };
    if (me === undefined || me === name) {
      member.facts = facts;
      return;
    }
    this.#members.delete(name);
    if (this.#members.has(me)) {
      // Another seed or discovery reached it before.
      void member.client.close();
      this.#seedOf.set(me, this.#seedOf.get(me) ?? name);
      return;
    }
    const renamed = new Member(me, member.client, facts, this.#nowMs);
    renamed.hello = hello;
    renamed.version = member.version;
    this.#members.set(me, renamed);
    if (!this.#members.has(name)) this.#seedOf.set(me, name);
  }

  /** Members of shards that nobody of is known yet. */
  async #addHosts(signal: AbortSignal): Promise<void> {
    const added: Member[] = [];
    for (const [set, addresses] of this.#shards.hosts) {
      if (this.#sets.has(set)) continue;
      for (const address of addresses) {
        const name = formatAddress(address);
        if (!this.#members.has(name) && !this.#excluded.has(name))
          added.push(this.#add(address, { ...unknownFacts, set }));
      }
    }
    await this.#greet(added, signal);
    this.#adoptNames();
  }

  async #readConfigs(signal: AbortSignal): Promise<void> {
    await this.#adoptConfigs(signal);
    // An arbiter names the members; one of those knows the hidden ones too.
    if ([...this.#sets.values()].some(({ version }) => version === undefined))
      await this.#adoptConfigs(signal);
    this.#input.memory.write(memoryKey, [...this.#members.keys()].slice(0, mostRemembered).join(' '));
  }

  async #adoptConfigs(signal: AbortSignal): Promise<void> {
    const names = new Set([...this.#members.values()].flatMap(({ facts }) => facts.set ?? []));
    await Promise.all([...names].map((name) => this.#readConfig(name, signal)));
    const added = [...this.#sets].flatMap(([name, { config }]) => this.#adoptConfig(name, config));
    await this.#greet(added, signal);
  }

  async #readConfig(name: string, signal: AbortSignal): Promise<void> {
    const living = [...this.#members.values()].filter(
      ({ facts, hello }) => facts.set === name && hello !== undefined,
    );
    const version = Math.max(...living.map(({ hello }) => hello?.configVersion ?? 0));
    const known = this.#sets.get(name);
    const nowMs = this.#nowMs();
    if (known?.version === version && nowMs - known.readAtMs < configEveryMs) return;
    // The newest configuration is with whoever reports the highest version; arbiters may not be asked without a login.
    const able = living
      .filter(bearsData)
      .sort((a, b) => (b.hello?.configVersion ?? 0) - (a.hello?.configVersion ?? 0));
    for (const member of able.slice(0, 2)) {
      try {
        const answer = await member.client.command(
          'admin',
          { replSetGetConfig: 1 },
          { signal, group: 'availability' },
        );
        this.#sets.set(name, {
          config: parseReplicaConfig(answer, member.hello?.me),
          wasRead: true,
          readAtMs: nowMs,
          version,
        });
        return;
      } catch {
        // The next one is asked; when none says, hello has to do, and the set is known to be incomplete.
      }
    }
    const hello = living[0]?.hello;
    const provisional = hello === undefined ? this.#configOfHosts(name) : configOfHello(hello);
    // Without a version it is tried again as soon as a member with data answers.
    const tried = able.length > 0 ? version : undefined;
    if (known?.wasRead) {
      if (hello !== undefined)
        this.#sets.set(name, {
          ...known,
          config: { ...known.config, isComplete: false },
          readAtMs: nowMs,
          version,
        });
    } else if (provisional !== undefined) {
      this.#sets.set(name, { config: provisional, wasRead: false, readAtMs: nowMs, version: tried });
    }
  }

  /** The members of a shard that mongos names, while none of them answers. */
  #configOfHosts(name: string): SetConfig | undefined {
    const hosts = this.#shards.hosts.get(name);
    return hosts === undefined ? undefined : configOfHosts(name, hosts.map(formatAddress));
  }

  /** Members of a set's configuration; those that left are let go. Gives those that are new. */
  #adoptConfig(name: string, config: SetConfig): readonly Member[] {
    const shard = this.#shards.shards.get(name);
    const added: Member[] = [];
    const wanted = new Set(config.members.map(({ host }) => host));
    for (const { host, facts } of config.members) {
      if (this.#excluded.has(host)) continue;
      const all: MemberFacts = { ...facts, set: name, shard };
      const known = this.#members.get(host);
      const address = parseAddress(this.#seedOf.get(host) ?? host);
      if (known !== undefined && (known.facts.kind === 'arbiter') === (all.kind === 'arbiter'))
        known.facts = all;
      else if (address !== undefined) added.push(this.#replace(host, address, all));
    }
    for (const [host, member] of this.#members) {
      if (member.facts.set !== name || (wanted.has(host) && !this.#excluded.has(host))) continue;
      if (!config.isComplete && member.hello !== undefined) continue;
      this.#members.delete(host);
      void member.client.close();
    }
    return added;
  }

  #replace(name: string, address: Address, facts: MemberFacts): Member {
    void this.#members.get(name)?.client.close();
    const member = this.#create(name, address, facts);
    this.#members.set(name, member);
    return member;
  }

  #add(address: Address, facts: MemberFacts): Member {
    const name = formatAddress(address);
    const member = this.#create(name, address, facts);
    this.#members.set(name, member);
    return member;
  }

  #create(name: string, address: Address, facts: MemberFacts): Member {
    const seeds = this.#seeds ?? { addresses: [], authSource: undefined };
    const client = this.#input.connecting.client(address, { login: facts.kind !== 'arbiter', seeds });
    return new Member(name, client, facts, this.#nowMs);
  }

  #mongoses(): readonly Member[] {
    return [...this.#members.values()].filter(({ facts }) => facts.kind === 'mongos');
  }

  #remembered(): readonly Address[] {
    const text = this.#input.memory.read(memoryKey) ?? '';
    return text.split(' ').flatMap((name) => parseAddress(name) ?? []);
  }

  #failure(): CollectError {
    const failures = [...this.#members.values()].flatMap(({ failure }) => failure ?? []);
    const denied = failures.find(({ code }) => code === 'denied');
    return denied ?? failures[0] ?? new CollectError('unreachable', 'no member is known');
  }

  readonly #nowMs = (): number => this.#input.clock.monotonicMs();
}

function formatName(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}
