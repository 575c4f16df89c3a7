import { setMaxListeners } from 'node:events';
import {
  type Assumption,
  type CheckItem,
  type Clock,
  CollectError,
  type Collector,
  type CollectorInput,
  type ServerIdentity,
} from '../../src/sdk.ts';
import { parseAddress } from './address.ts';
import { tryAssumptions } from './assumptions.ts';
import { checkDeployment } from './check.ts';
import type { MongodbOptions } from './config.ts';
import { coreReaders } from './core-readers.ts';
import { dataReaders } from './data-readers.ts';
import type { Deployment } from './deployment.ts';
import type { MongodbGroup } from './groups.ts';
import { tryDataAssumptions } from './index-assumptions.ts';
import type { MongodbContext, MongodbMetrics } from './metrics.ts';
import type { Reader } from './readers.ts';
import type { Resolver } from './seeds.ts';
import { targetConnect } from './target-connect.ts';
import { Topology } from './topology.ts';

/** A member that hangs must leave time for the others. */
const longestWaitMs = 4_000;

/** Makes the collector of one deployment; connects to nothing yet. */
export async function createMongodbCollector(
  input: CollectorInput<MongodbOptions>,
  resolver?: Resolver,
): Promise<Collector<MongodbMetrics, MongodbGroup>> {
  return new MongodbCollector(input, resolver);
}

class MongodbCollector implements Collector<MongodbMetrics, MongodbGroup> {
  readonly #topology: Topology;
  readonly #readers: Readonly<Partial<Record<MongodbGroup, Reader>>>;
  readonly #username: string | undefined;
  readonly #exclude: readonly string[];
  readonly #clock: Clock;
  #deployment: Deployment | undefined;

  constructor(input: CollectorInput<MongodbOptions>, resolver: Resolver | undefined) {
    const { target, options, clock, memory, applicationName, onAnswer } = input;
    // With its grace at most half of a collection: what hangs when it is greeted is not asked further.
    const timeLimitMs = Math.min(longestWaitMs, Math.ceil(target.deadlineMs * 0.4));
    const connecting = targetConnect(options, { applicationName, timeLimitMs, clock, onAnswer });
    this.#topology = new Topology({
      connecting,
      exclude: options.exclude,
      clock,
      memory,
      ...(resolver === undefined ? {} : { resolver }),
    });
    this.#username = connecting.username;
    this.#exclude = options.exclude;
    this.#clock = clock;
    this.#readers = { ...coreReaders(input), ...dataReaders(input) };
  }

  async open(signal: AbortSignal): Promise<ServerIdentity> {
    setMaxListeners(0, signal); // several listeners a member
    this.#deployment = await this.#topology.discover(signal);
    return identityOf(this.#deployment);
  }

  async read(group: MongodbGroup, context: MongodbContext): Promise<void> {
    setMaxListeners(0, context.signal);
    await this.#readers[group]?.(this.#found(), context);
  }

  check(signal: AbortSignal): Promise<readonly CheckItem[]> {
    setMaxListeners(0, signal);
    return checkDeployment(this.#found(), { username: this.#username, exclude: this.#exclude, signal });
  }

  async assumptions(signal: AbortSignal): Promise<readonly Assumption[]> {
    setMaxListeners(0, signal);
    const deployment = this.#found();
    const servers = await tryAssumptions(deployment, this.#clock, signal);
    return [...servers, ...(await tryDataAssumptions(deployment, signal))];
  }

  close(): Promise<void> {
    return this.#topology.close();
  }

  #found(): Deployment {
    if (this.#deployment === undefined) throw new CollectError('internal', 'read before open');
    return this.#deployment;
  }
}

/** mongos first, then a primary, then whoever answers. */
function identityOf({ members, mongoses, sets }: Deployment): ServerIdentity {
  const living = members.filter(({ hello }) => hello !== undefined);
  const main =
    mongoses.find(({ hello }) => hello !== undefined) ??
    sets.find(({ primary }) => primary)?.primary ??
    living[0];
  if (main === undefined) return {};
  const address = parseAddress(main.name);
  const role =
    main.facts.kind === 'mongos'
      ? undefined
      : main.facts.set === undefined
        ? 'standalone'
        : main.hello?.isPrimary
          ? 'primary'
          : 'replica';
  return {
    ...(address === undefined ? {} : { address: address.host, port: address.port }),
    ...(main.version === undefined ? {} : { version: main.version }),
    ...(role === undefined ? {} : { role }),
  };
}
