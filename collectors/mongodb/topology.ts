import { type Clock, CollectError, type Memory } from '../../src/sdk.ts';
import { type Address, formatAddress, parseAddress } from './address.ts';
import type { Deployment } from './deployment.ts';
import { describeDeployment } from './describe-deployment.ts';
import { KnownSeeds } from './known-seeds.ts';
import { Member, type MemberFacts } from './member.ts';
import { RememberedMembers } from './remembered-members.ts';
import type { SetConfig } from './replica-config.ts';
import type { Resolver } from './seeds.ts';
import { SetConfigs } from './set-configs.ts';
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

/** Finds all members of a deployment from any of them, and keeps them while the one that was named is down. */
export class Topology {
  readonly #input: TopologyInput;
  readonly #excluded: ReadonlySet<string>;
  /** By the name that the deployment gives them; a seed stands under its address until it said who it is. */
  readonly #members = new Map<string, Member>();
  /** By the address of a seed, the name of the member that answered there. */
  readonly #identities = new Map<string, string>();
  /** Address to connect to, where a member cannot be reached by its own name. */
  readonly #detours = new Map<string, string>();
  readonly #configs = new SetConfigs();
  readonly #shards: ShardMap;
  readonly #seeds: KnownSeeds;
  readonly #remembered: RememberedMembers;

  constructor(input: TopologyInput) {
    this.#input = input;
    this.#excluded = new Set(input.exclude.map((text) => formatName(text)));
    const named = input.connecting.url.hosts.map(formatAddress).join();
    this.#shards = new ShardMap(input.memory, named);
    this.#remembered = new RememberedMembers(input.memory, named);
    this.#seeds = new KnownSeeds(input.connecting.url, input.resolver);
  }

  /** @throws {CollectError} when no member answers. */
  async discover(signal: AbortSignal): Promise<Deployment> {
    await this.#begin();
    await this.#greet([...this.#members.values()], signal);
    await this.#adoptNames(signal);
    if ([...this.#members.values()].every(({ hello }) => hello === undefined)) throw this.#failure();
    if (this.#isOtherwise()) this.#shards.forget();
    await this.#shards.read(this.#mongoses(), this.#nowMs(), signal);
    await this.#addHosts(signal);
    await this.#readConfigs(signal);
    return describeDeployment({
      members: this.#members,
      configs: new Map(this.#configs.entries()),
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
    const remembered = this.#remembered.read();
    await this.#seeds.resolve(this.#nowMs(), { isNeeded: remembered.length === 0 });
    const isFirst = this.#members.size === 0;
    for (const address of this.#seeds.current.addresses) {
      const name = formatAddress(address);
      const identity = this.#identities.get(name) ?? name;
      if (!this.#members.has(identity) && !this.#excluded.has(identity)) this.#add(address, unknownFacts);
    }
    if (!isFirst) return;
    for (const address of remembered) this.#add(address, unknownFacts);
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
  async #adoptNames(signal: AbortSignal): Promise<void> {
    const foreign: [string, Member, string][] = [];
    for (const [name, member] of this.#members) {
      const { hello } = member;
      if (hello?.isMongos) member.facts = { ...unknownFacts, kind: 'mongos' };
      if (hello?.set === undefined) continue;
      member.facts = { ...member.facts, set: hello.set, kind: hello.isArbiter ? 'arbiter' : 'data' };
      if (hello.me !== undefined && hello.me !== name) foreign.push([name, member, hello.me]);
    }
    await Promise.all(foreign.map(([name, member, me]) => this.#rename(name, member, me, signal)));
  }

  /**
   * Its own name is preferred: behind the address of a seed may be a balancer, which leads to one member now and to another then. Where
   * the own name leads nowhere (a forwarded port), the seed's address is the way to it.
   */
  async #rename(name: string, member: Member, me: string, signal: AbortSignal): Promise<void> {
    this.#members.delete(name);
    this.#detours.delete(name);
    this.#identities.set(name, me);
    const address = parseAddress(me);
    const known = this.#members.has(me);
    if (known || address === undefined || this.#excluded.has(me)) {
      await member.client.close();
      return;
    }
    const own = this.#create(me, address, member.facts);
    this.#members.set(me, own);
    await own.greet(signal);
    if (own.hello?.me === me) {
      await member.client.close();
      return;
    }
    await own.client.close();
    const detour = new Member(me, member.client, member.facts, this.#nowMs);
    detour.hello = member.hello;
    detour.version = member.version;
    this.#members.set(me, detour);
    this.#detours.set(me, name);
  }

  /** Members of shards that nobody of is known yet. */
  async #addHosts(signal: AbortSignal): Promise<void> {
    const added: Member[] = [];
    for (const [set, addresses] of this.#shards.hosts) {
      if (this.#configs.has(set)) continue;
      for (const address of addresses) {
        const name = formatAddress(address);
        if (!this.#members.has(name) && !this.#excluded.has(name))
          added.push(this.#add(address, { ...unknownFacts, set }));
      }
    }
    await this.#greet(added, signal);
    await this.#adoptNames(signal);
  }

  async #readConfigs(signal: AbortSignal): Promise<void> {
    await this.#adoptConfigs(signal);
    // An arbiter names the members; one of those knows the hidden ones too.
    if (this.#configs.isProvisional) await this.#adoptConfigs(signal);
    this.#prune();
    this.#remembered.write(this.#members.keys());
  }

  /** Lets go of shards that were removed, and of remembered names behind which nobody is any more. */
  #prune(): void {
    const { shards } = this.#shards;
    const isLeft = (set: string): boolean => shards.size > 0 && !shards.has(set);
    const seeds = new Set(this.#seeds.current.addresses.map(formatAddress));
    this.#configs.keep((name) => !isLeft(name));
    for (const [name, { facts, hello, client }] of this.#members) {
      const isNobody = hello === undefined && facts.kind !== 'mongos' && !seeds.has(name);
      if (!(facts.set === undefined ? isNobody : isLeft(facts.set))) continue;
      this.#members.delete(name);
      void client.close();
    }
  }

  async #adoptConfigs(signal: AbortSignal): Promise<void> {
    const names = new Set([...this.#members.values()].flatMap(({ facts }) => facts.set ?? []));
    await Promise.all([...names].map((name) => this.#readConfig(name, signal)));
    const configs = this.#configs.entries();
    const added = configs.flatMap(([name, config]) => this.#adoptConfig(name, config));
    await this.#greet(added, signal);
    const unread = new Set(configs.flatMap(([name, { isComplete }]) => (isComplete ? [] : [name])));
    for (const member of this.#members.values()) if (unread.has(member.facts.set ?? '')) adoptOwnWord(member);
  }

  #readConfig(name: string, signal: AbortSignal): Promise<void> {
    const living = [...this.#members.values()].filter(
      ({ facts, hello }) => facts.set === name && hello !== undefined,
    );
    const hosts = this.#shards.hosts.get(name)?.map(formatAddress);
    return this.#configs.read({ name, living, hosts, nowMs: this.#nowMs(), signal });
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
      const address = parseAddress(this.#detours.get(host) ?? host);
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
    const login = facts.kind !== 'arbiter';
    const client = this.#input.connecting.client(address, { login, seeds: this.#seeds.current });
    return new Member(name, client, facts, this.#nowMs);
  }

  /** Whether what stands at the addresses of the URL now is no part of the cluster that was known there. */
  #isOtherwise(): boolean {
    const { shards } = this.#shards;
    const seeds = this.#seeds.current.addresses.map(formatAddress);
    const living = seeds.flatMap(
      (name) => this.#members.get(this.#identities.get(name) ?? name)?.hello ?? [],
    );
    const isForeign = living.some(
      ({ isMongos, set }) => !isMongos && !(set !== undefined && shards.has(set)),
    );
    return shards.size > 0 && isForeign && !living.some(({ isMongos }) => isMongos);
  }

  #mongoses(): readonly Member[] {
    return [...this.#members.values()].filter(({ facts }) => facts.kind === 'mongos');
  }

  #failure(): CollectError {
    const failures = [...this.#members.values()].flatMap(({ failure }) => failure ?? []);
    const denied = failures.find(({ code }) => code === 'denied');
    return denied ?? failures[0] ?? new CollectError('unreachable', 'no member is known');
  }

  readonly #nowMs = (): number => this.#input.clock.monotonicMs();
}

/** Where the configuration cannot be read, other members tell the name of one and not that it is delayed or hidden; it says so itself. */
function adoptOwnWord(member: Member): void {
  const { hello, facts } = member;
  if (hello === undefined || facts.kind !== 'data') return;
  member.facts = { ...facts, hidden: hello.isHidden, delaySeconds: hello.delaySeconds };
}

function formatName(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}
