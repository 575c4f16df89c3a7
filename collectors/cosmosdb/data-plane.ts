import { CollectError, type CollectorInput, Secret, toCollectError } from '../../src/sdk.ts';
import { type AccountFacts, identityOf, recordAccount } from './account.ts';
import { DataClient, type DataName } from './client.ts';
import type { CosmosdbOptions } from './config.ts';
import { parseConnectionString } from './connection-string.ts';
import { tryDataPlane } from './data-assumptions.ts';
import { checkDataPlane } from './data-check.ts';
import { HttpClient } from './http-client.ts';
import type { CosmosdbContext } from './metrics.ts';
import { bare, joinOffers, type OfferLimits, type Owner, parseLimits } from './offers.ts';
import type { Plane } from './plane.ts';
import { parseUsage } from './quota.ts';
import { hitsAll } from './service-error.ts';
import { type ContainerSize, recordSizes } from './storage.ts';
import { recordThroughput } from './throughput.ts';
import type { ThroughputReading } from './throughput-book.ts';
import { TrustedAuthorities } from './trusted-authorities.ts';

const longestAnswerMs = 10_000;
const largestAnswerBytes = 16 * 1_048_576;

/** The account at its own endpoint, with a key. */
export function createDataPlane(input: CollectorInput<CosmosdbOptions>): Plane {
  return new DataPlane(input);
}

class DataPlane implements Plane {
  readonly #input: CollectorInput<CosmosdbOptions>;
  readonly #client: DataClient;
  readonly #endpoint: string;
  #account: AccountFacts | undefined;

  readonly readers: Plane['readers'] = {
    availability: (context) => recordAccount(this.#facts(), undefined, context),
    throughput: (context) => this.#readThroughput(context),
    storage: (context) => this.#readStorage(context),
  };

  constructor(input: CollectorInput<CosmosdbOptions>) {
    this.#input = input;
    const { target, options, clock, applicationName, onAnswer } = input;
    const { endpoint, key } = loginOf(options);
    const timeLimitMs = Math.min(longestAnswerMs, target.deadlineMs);
    this.#endpoint = endpoint;
    const http = new HttpClient({
      caPath: options.ca,
      authorities: input.shared('trusted authorities', () => new TrustedAuthorities()),
      timeLimitMs,
      maxBytes: largestAnswerBytes,
      userAgent: applicationName,
    });
    this.#client = new DataClient({
      endpoint,
      key,
      http,
      clock,
      userAgent: applicationName,
      timeLimitMs,
      onAnswer,
    });
  }

  async open(signal: AbortSignal): Promise<AccountFacts> {
    const { consistency, writable, readable } = await this.#client.account(signal);
    const names = [...new Set([...writable, ...readable])];
    this.#account = {
      plane: 'data',
      consistency,
      serverless: undefined,
      regions: names.map((name) => ({
        name,
        writable: writable.includes(name),
        failoverPriority: undefined,
      })),
      throughputLimit: undefined,
      backup: undefined,
      api: undefined,
      identity: identityOf(this.#endpoint),
    };
    return this.#account;
  }

  check(signal: AbortSignal): ReturnType<Plane['check']> {
    return checkDataPlane(this.#client, signal);
  }

  assumptions(signal: AbortSignal): ReturnType<Plane['assumptions']> {
    return tryDataPlane(this.#client, signal);
  }

  close(): void {
    this.#client.close();
  }

  async #readThroughput(context: CosmosdbContext): Promise<void> {
    const offers = await offersOf(this.#client, context.signal);
    if (offers === undefined) return;
    const { owners } = await this.#owners(context);
    const limits = new Map<string, OfferLimits>();
    for (const { database, container, self } of owners) {
      const offer = offers.find(({ resource }) => bare(resource) === bare(self));
      if (offer === undefined) continue;
      const subject = container === '' ? database : `${database}/${container}`;
      limits.set(offer.id, parseLimits(await this.#client.offerHeaders(offer.id, subject, context.signal)));
    }
    const reading: ThroughputReading = joinOffers(offers, owners, limits);
    const regions = this.#facts().regions.map(({ name }) => name);
    recordThroughput(reading, regions, context);
  }

  async #readStorage(context: CosmosdbContext): Promise<void> {
    const listed = await this.#owners(context);
    const owners = listed.owners.filter(({ container }) => container !== '');
    // The endpoint of an account leads to the region that takes writes.
    const region = this.#facts().regions.find(({ writable }) => writable)?.name ?? '';
    const sizes: ContainerSize[] = [];
    for (const { database, container } of owners) {
      const subject = `${database}/${container}`;
      let size: ContainerSize = {
        database,
        container,
        region,
        dataBytes: undefined,
        indexBytes: undefined,
        documents: undefined,
      };
      try {
        const headers = await this.#client.quotaHeaders(database, container, context.signal);
        size = { ...size, ...parseUsage(headers['x-ms-resource-usage']) };
      } catch (thrown) {
        const error = toCollectError(thrown);
        if (context.signal.aborted || hitsAll.has(error.code)) throw error;
        await context.attempt(subject, () => Promise.reject(error));
      }
      sizes.push(size);
    }
    const { maxContainers } = this.#input.options;
    recordSizes(sizes, { isWhole: listed.left === 0, maxContainers }, context);
  }

  /** Databases, and containers up to the cap. */
  async #owners(
    context: CosmosdbContext,
  ): Promise<{ readonly owners: readonly Owner[]; readonly left: number }> {
    const { maxContainers } = this.#input.options;
    const owners: Owner[] = [];
    let [count, left] = [0, 0];
    for (const { id: database, self } of await this.#client.databases(context.signal)) {
      owners.push({ database, container: '', self });
      const containers = await this.#client.containers(database, context.signal);
      const kept = containers.slice(0, Math.max(0, maxContainers - count));
      count += kept.length;
      left += containers.length - kept.length;
      owners.push(
        ...kept.map((container: DataName) => ({ database, container: container.id, self: container.self })),
      );
    }
    context.truncate(left);
    return { owners, left };
  }

  #facts(): AccountFacts {
    if (this.#account !== undefined) return this.#account;
    throw new CollectError(
      'unreachable',
      `the account of target "${this.#input.target.id}" was not reached yet`,
    );
  }
}

/** All offers; undefined for a serverless account, which has none and says so. */
async function offersOf(client: DataClient, signal: AbortSignal) {
  try {
    return await client.offers(signal);
  } catch (thrown) {
    const error = toCollectError(thrown);
    if (error.code === 'unsupported' && /serverless/i.test(error.message)) return undefined;
    throw error;
  }
}

function loginOf({ endpoint, key, connectionString }: CosmosdbOptions): {
  readonly endpoint: string;
  readonly key: Secret;
} {
  if (connectionString !== undefined) {
    const parts = parseConnectionString(connectionString.reveal());
    if (parts !== undefined) return { endpoint: parts.endpoint, key: new Secret(parts.key) };
  }
  if (endpoint !== undefined && key !== undefined) return { endpoint, key };
  throw new CollectError('malformed', 'the data plane needs an endpoint with a key, or a connectionString');
}
