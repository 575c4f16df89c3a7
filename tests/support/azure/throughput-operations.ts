import {
  type AccountModel,
  reservedRequestUnits,
  type Throughput,
  type ThroughputState,
} from './account-model.ts';
import type { HttpAnswer } from './http-faults.ts';
import { throughputLimits } from './throughput-limits.ts';

/** A change of throughput that a client asks for. */
export interface ThroughputChange {
  readonly account: AccountModel;
  readonly rest: string;
  readonly settings: ThroughputState;
  readonly body: unknown;
  readonly origin: string;
  readonly nowMs: number;
}

interface Operation {
  pollsLeft: number;
  readonly apply: () => void;
  readonly fails: boolean;
}

const API_VERSION = '2025-10-15';

/**
 * Long-running operations: the change is answered 202 and done after a number of polls. Above the instant maximum the partitions have
 * to be split: the operation ends, and `offerReplacePending` stays for a while.
 */
export class Operations {
  readonly #open = new Map<string, Operation>();
  #made = 0;
  /** Polls of a new operation that say `InProgress` before it ends. Default 1; 0: done at once; infinity: it stays pending for ever. */
  polls = 1;
  /** New operations end with `Failed`. */
  failing = false;
  /** How long a split takes, in milliseconds. Default 4 h. */
  splitMs = 4 * 3_600_000;
  /** Changes that were accepted, oldest first. */
  readonly accepted: { readonly path: string; readonly throughput: Throughput }[] = [];

  start(change: ThroughputChange): HttpAnswer {
    const { settings, rest, account, origin, nowMs } = change;
    const wanted = wantedThroughput(rest, settings.throughput, change.body);
    if (wanted === undefined)
      return bad('The request payload is invalid. Please send throughput or autoscaleSettings.');
    if (settings.replacePendingUntilMs > nowMs) {
      return {
        status: 409,
        body: {
          code: 'Conflict',
          message: 'The offer is being replaced (offerReplacePending): try again later.',
        },
      };
    }
    const refused = whyRefused(wanted, settings, isMigration(rest));
    if (refused !== undefined) return bad(refused);
    const limits = throughputLimits(settings);
    this.#made += 1;
    const id = `double-operation-${this.#made}`;
    const split = reservedRequestUnits(wanted) > limits.instantMaximum;
    const apply = (): void => {
      settings.throughput = wanted;
      if (split) settings.replacePendingUntilMs = nowMs + this.splitMs;
    };
    // Azure goes on whether anybody asks or not.
    if (this.polls === 0 && !this.failing) apply();
    const once = this.polls === 0 ? () => undefined : apply;
    if (this.polls === Number.POSITIVE_INFINITY) settings.replacePendingUntilMs = this.polls;
    this.#open.set(id, { pollsLeft: this.polls, apply: once, fails: this.failing });
    this.accepted.push({ path: `${account.resourceId}/${rest}`, throughput: wanted });
    return this.#accepted(account, rest, origin, id);
  }

  /** Anything else that takes a while: answered 202, and done after as many polls. */
  carryOut(
    { account, rest, origin }: Pick<ThroughputChange, 'account' | 'rest' | 'origin'>,
    apply: () => void,
  ): HttpAnswer {
    this.#made += 1;
    const id = `double-operation-${this.#made}`;
    if (this.polls === 0 && !this.failing) apply();
    const once = this.polls === 0 ? () => undefined : apply;
    this.#open.set(id, { pollsLeft: this.polls, apply: once, fails: this.failing });
    return this.#accepted(account, rest, origin, id);
  }

  #accepted(account: AccountModel, rest: string, origin: string, id: string): HttpAnswer {
    const region = (account.regions[0] ?? '').toLowerCase().replaceAll(' ', '');
    const base = `${origin}/subscriptions/${account.subscription}/providers/Microsoft.DocumentDB/locations/${region}`;
    return {
      status: 202,
      headers: {
        'azure-asyncoperation': `${base}/operationsStatus/${id}?api-version=${API_VERSION}`,
        location: `${origin}${account.resourceId}/${rest}/operationResults/${id}?api-version=${API_VERSION}`,
        'retry-after': '5',
      },
      body: { status: 'Enqueued', error: {} },
    };
  }

  /** `GET …/operationResults/{id}`: 202 while it runs; `undefined` for other paths, and when the resource itself is the answer. */
  result(path: string): HttpAnswer | undefined {
    const [, id] = /\/operationResults\/([^/]+)$/i.exec(path) ?? [];
    const operation = id === undefined ? undefined : this.#open.get(id);
    return operation !== undefined && operation.pollsLeft > 0
      ? { status: 202, headers: { 'retry-after': '1' } }
      : undefined;
  }

  /** `GET …/operationsStatus/{id}`; `undefined` for other paths. */
  status(path: string): HttpAnswer | undefined {
    const [, id] =
      /\/providers\/Microsoft\.DocumentDB\/locations\/[^/]+\/operationsStatus\/([^/]+)$/i.exec(path) ?? [];
    if (id === undefined) return undefined;
    const operation = this.#open.get(id);
    if (operation === undefined)
      return { status: 404, body: { code: 'NotFound', message: 'no such operation' } };
    if (operation.pollsLeft > 0) {
      operation.pollsLeft -= 1;
      return { status: 200, headers: { 'retry-after': '1' }, body: { status: 'InProgress' } };
    }
    if (operation.fails) {
      const error = { code: 'ServiceUnavailable', message: 'The operation failed (asked of the double).' };
      return { status: 200, body: { status: 'Failed', error } };
    }
    operation.apply();
    return { status: 200, body: { status: 'Succeeded' } };
  }
}

function whyRefused(wanted: Throughput, settings: ThroughputState, migration: boolean): string | undefined {
  if (migration) return undefined;
  const { minimum, softAllowedMaximum } = throughputLimits(settings);
  const value = reservedRequestUnits(wanted);
  const step = wanted.kind === 'autoscale' ? 1_000 : 100;
  if (wanted.kind !== settings.throughput.kind) {
    return 'Use migrateToAutoscale or migrateToManualThroughput to change the kind of throughput.';
  }
  if (value < minimum || value > softAllowedMaximum || value % step !== 0) {
    return `The offer should have valid throughput values between ${minimum} and ${softAllowedMaximum} inclusive in increments of ${step}.`;
  }
  return undefined;
}

function wantedThroughput(rest: string, now: Throughput, body: unknown): Throughput | undefined {
  const [, migration] = /\/default\/(\w+)$/.exec(rest) ?? [];
  if (migration?.toLowerCase() === 'migratetoautoscale') {
    return {
      kind: 'autoscale',
      maximum: Math.max(1_000, Math.ceil(reservedRequestUnits(now) / 1_000) * 1_000),
    };
  }
  if (migration?.toLowerCase() === 'migratetomanualthroughput') {
    return { kind: 'manual', requestUnits: reservedRequestUnits(now) };
  }
  const resource = at(at(body, 'properties'), 'resource');
  const manual = at(resource, 'throughput');
  const maximum = at(at(resource, 'autoscaleSettings'), 'maxThroughput');
  if (typeof maximum === 'number') return { kind: 'autoscale', maximum };
  return typeof manual === 'number' ? { kind: 'manual', requestUnits: manual } : undefined;
}

function isMigration(rest: string): boolean {
  return /\/default\/migrate/i.test(rest);
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(key)
    : undefined;
}

function bad(message: string): HttpAnswer {
  return { status: 400, body: { code: 'BadRequest', message } };
}
