import { CollectError, type TargetIdentity } from '../../../src/sdk.ts';
import { type AccountApi, type AccountFacts, parseAccount } from '../account.ts';
import { type AccountId, resourcePath } from '../account-id.ts';
import { ArmClient } from '../arm-client.ts';
import { type ArmConnection, armPlace, connectArm } from '../arm-connection.ts';
import { HttpClient } from '../http-client.ts';
import { createTokenSource, type TokenSource } from '../identity.ts';
import { Monitor } from '../monitor.ts';
import { Spelling } from '../place.ts';
import { ReadBudget } from '../read-budget.ts';
import { TrustedAuthorities } from '../trusted-authorities.ts';
import { ArmChanges } from './arm-changes.ts';
import { actingIdentity } from './credentials.ts';
import type { CosmosdbOperationsInput } from './input.ts';

export const armVersion = '2024-11-15';
const largestAnswerBytes = 16 * 1_048_576;
/** How long the end of one change is waited for; what lasts longer is looked for again. */
const patienceMs = 10 * 60_000;

/** An account as it was read just now. */
export interface AccountNow {
  readonly facts: AccountFacts;
  readonly identity: TargetIdentity;
  /** As Azure Resource Manager gave it. */
  readonly answer: unknown;
}

/** The ways to one account: by the collecting login to read, by the login that acts to change it. Nothing is sent before it is needed. */
export class Access {
  readonly input: CosmosdbOperationsInput;
  readonly account: AccountId;
  readonly #authorities = new TrustedAuthorities();
  readonly #budget: ReadBudget;
  #reading: ArmConnection | undefined;
  #acting: Acting | undefined;
  #regions: readonly string[] = [];

  /** @throws {CollectError} `malformed` for a target of the data plane, which has no control plane to change. */
  constructor(input: CosmosdbOperationsInput) {
    this.input = input;
    this.account = armPlace(input.options).account;
    this.#budget = new ReadBudget(input.clock);
  }

  /** Reads with the collecting login. */
  reading(): ArmClient {
    this.#reading ??= connectArm({
      ...this.input,
      shared: (_key, make) => make(),
      conceal: (secret) => this.input.conceal(secret),
    });
    return this.#reading.arm;
  }

  monitor(): Monitor {
    return new Monitor(this.reading(), this.input.clock, () => this.#regions);
  }

  /** @throws {CollectError} `denied` without usable credentials. */
  acting(): Acting {
    this.#acting ??= this.#connectActing();
    return this.#acting;
  }

  /** The account, by the login that acts where there is one and it is asked for. */
  async look(signal: AbortSignal, arm: ArmClient = this.reading()): Promise<AccountNow> {
    const query = { 'api-version': armVersion };
    const answer = await arm.get({ path: '', query, what: 'account', urgency: 'essential' }, signal);
    const facts = parseAccount(answer);
    this.#regions = facts.regions.map(({ name }) => name);
    return { facts, answer, identity: identityOf(this.account, facts, answer) };
  }

  spelling(): Spelling {
    return new Spelling(this.#regions);
  }

  close(): void {
    this.#reading?.close();
    this.#acting?.client.close();
    this.#reading = undefined;
    this.#acting = undefined;
  }

  #connectActing(): Acting {
    const { input, account } = this;
    const { options, target, clock, applicationName } = input;
    const { arm: origin, authority, audience } = armPlace(options);
    const timeLimitMs = 30_000;
    const who = actingIdentity(input);
    const client = new HttpClient({
      caPath: options.ca,
      authorities: this.#authorities,
      timeLimitMs: Math.min(timeLimitMs, target.deadlineMs),
      maxBytes: largestAnswerBytes,
      userAgent: applicationName,
    });
    const tokens: TokenSource =
      who.kind === 'token'
        ? { get: async () => who.token, forget: () => undefined }
        : createTokenSource({
            options: { ...options, identity: who.identity },
            authority,
            audience,
            client,
            clock,
            conceal: (secret) => input.conceal(secret),
            timeLimitMs,
          });
    const both = <T>(one: T) => ({ essential: one, deferrable: one });
    const arm = new ArmClient({
      clients: both(client),
      tokens: both(tokens),
      budget: this.#budget,
      clock,
      origin,
      account,
      onAnswer: undefined,
    });
    const changes = new ArmChanges({ client, tokens, clock, origin, account, patienceMs });
    return { arm, changes, client };
  }
}

/** With the login that acts. */
export interface Acting {
  readonly arm: ArmClient;
  readonly changes: ArmChanges;
  readonly client: HttpClient;
}

/** What must be the same from plan to act: the very account, and where it takes writes. */
function identityOf(account: AccountId, facts: AccountFacts, answer: unknown): TargetIdentity {
  const writable = facts.regions.filter((region) => region.writable).map(({ name }) => name);
  return {
    resource: resourcePath(account).toLowerCase(),
    instance: instanceOf(answer),
    endpoint: facts.identity.address ?? 'unknown',
    writesTo: writable.toSorted().join(', '),
  };
}

/** An account that was deleted and made again under its name has another. */
function instanceOf(answer: unknown): string {
  const properties = fieldOf(answer, 'properties');
  const id = fieldOf(properties, 'instanceId');
  return typeof id === 'string' ? id : 'unknown';
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(name)
    : undefined;
}

/** @throws {CollectError} `unsupported` for the Table API. */
export function apiOf({ api }: AccountFacts): AccountApi {
  if (api !== undefined) return api;
  throw new CollectError('unsupported', 'an account for the Table API is not changed by this version');
}
