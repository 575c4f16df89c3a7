import { createHash } from 'node:crypto';
import type { HttpAnswer } from '../azure/http-faults.ts';

export type OfferThroughput =
  | { readonly kind: 'manual'; readonly requestUnits: number }
  | { readonly kind: 'autoscale'; readonly maximum: number };

/** A database or container that throughput is reserved for, by the ids the service gave it. */
export interface OfferOwner {
  readonly self: string;
  readonly rid: string;
  /** By names: `/dbs/shop/colls/orders`. */
  readonly path: string;
}

interface Offer extends OfferOwner {
  readonly id: string;
  throughput: OfferThroughput;
}

const LOWEST_MANUAL = 400;
const LOWEST_AUTOSCALE = 1_000;

/** The offers of an account: what throughput is reserved for which database or container. */
export class Offers {
  readonly #offers = new Map<string, Offer>();
  /** While true, changes are answered as under way (`x-ms-offer-replace-pending`). */
  replacePending = false;

  set(owner: OfferOwner, throughput: OfferThroughput): void {
    const id = createHash('sha1').update(owner.self).digest('hex').slice(0, 4);
    this.#offers.set(id, { ...owner, id, throughput });
  }

  /** Forgets the offers of an owner and of all below it. */
  remove(path: string): void {
    for (const [id, offer] of this.#offers) {
      if (offer.path === path || offer.path.startsWith(`${path}/`)) this.#offers.delete(id);
    }
  }

  has(path: string): boolean {
    return [...this.#offers.values()].some((offer) => offer.path === path);
  }

  /** `/offers` and `/offers/{id}`; `undefined` for other paths. */
  answer(method: string, path: string, body: unknown): HttpAnswer | undefined {
    const [, id] = /^\/offers(?:\/([^/]+))?\/?$/.exec(path) ?? [];
    if (!path.startsWith('/offers')) return undefined;
    if (id === undefined) return this.#feed(method, body);
    const offer = this.#offers.get(id);
    if (offer === undefined)
      return { status: 404, body: { code: 'NotFound', message: 'Resource Not Found' } };
    if (method === 'PUT') return this.#replace(offer, body);
    return { status: 200, headers: this.#headers(offer), body: render(offer) };
  }

  #feed(method: string, body: unknown): HttpAnswer {
    const text = method === 'POST' ? String(at(body, 'query')) : '';
    const [, literal] = /root\.resource\s*=\s*["']([^"']+)["']/.exec(text) ?? [];
    const [, parameter] = /root\.resource\s*=\s*(@\w+)/.exec(text) ?? [];
    const wanted = literal ?? (parameter === undefined ? undefined : parameterValue(body, parameter));
    const found = [...this.#offers.values()].filter(({ self }) => wanted === undefined || self === wanted);
    const [only] = found;
    const headers = found.length === 1 && only !== undefined ? this.#headers(only) : {};
    return { status: 200, headers, body: { _rid: '', Offers: found.map(render), _count: found.length } };
  }

  #replace(offer: Offer, body: unknown): HttpAnswer {
    const content = at(body, 'content');
    const maximum = at(at(content, 'offerAutopilotSettings'), 'maxThroughput');
    const manual = at(content, 'offerThroughput');
    const throughput: OfferThroughput | undefined =
      typeof maximum === 'number'
        ? { kind: 'autoscale', maximum }
        : typeof manual === 'number'
          ? { kind: 'manual', requestUnits: manual }
          : undefined;
    if (throughput === undefined || amount(throughput) < lowest(throughput)) {
      const message = `The offer should have valid throughput values between ${lowest(offer.throughput)} and 1000000 inclusive in increments of 100.`;
      return { status: 400, body: { code: 'BadRequest', message } };
    }
    offer.throughput = throughput;
    return { status: 200, headers: this.#headers(offer), body: render(offer) };
  }

  #headers(offer: Offer): Readonly<Record<string, string>> {
    return {
      'x-ms-cosmos-min-throughput': String(lowest(offer.throughput)),
      'x-ms-offer-replace-pending': String(this.replacePending),
    };
  }
}

/** What the headers of a create request ask for; `undefined` when they say nothing. */
export function requestedThroughput(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): OfferThroughput | undefined {
  const manual = headers['x-ms-offer-throughput'];
  const autoscale = headers['x-ms-cosmos-offer-autopilot-settings'];
  if (typeof autoscale === 'string') {
    return { kind: 'autoscale', maximum: Number(at(JSON.parse(autoscale), 'maxThroughput')) };
  }
  return typeof manual === 'string' ? { kind: 'manual', requestUnits: Number(manual) } : undefined;
}

function render(offer: Offer): unknown {
  const { throughput } = offer;
  const autoscale = throughput.kind === 'autoscale' ? { maxThroughput: throughput.maximum } : undefined;
  return {
    id: offer.id,
    _rid: offer.id,
    _self: `offers/${offer.id}/`,
    _etag: '"double"',
    offerVersion: 'V2',
    offerType: 'Invalid',
    resource: offer.self,
    offerResourceId: offer.rid,
    content: {
      // What autoscale stands at when idle: a tenth of its maximum.
      offerThroughput: throughput.kind === 'autoscale' ? throughput.maximum / 10 : throughput.requestUnits,
      offerIsRUPerMinuteThroughputEnabled: false,
      offerMinimumThroughputParameters: {
        maxThroughputEverProvisioned: amount(throughput),
        maxConsumedStorageEverInKB: 0,
      },
      ...(autoscale ? { offerAutopilotSettings: autoscale } : {}),
    },
  };
}

function amount(throughput: OfferThroughput): number {
  return throughput.kind === 'autoscale' ? throughput.maximum : throughput.requestUnits;
}

function lowest(throughput: OfferThroughput): number {
  return throughput.kind === 'autoscale' ? LOWEST_AUTOSCALE : LOWEST_MANUAL;
}

function parameterValue(body: unknown, name: string): string | undefined {
  const parameters = at(body, 'parameters');
  const found: unknown = Array.isArray(parameters)
    ? parameters.find((entry) => at(entry, 'name') === name)
    : undefined;
  const value = at(found, 'value');
  return typeof value === 'string' ? value : undefined;
}

/** The value of a key of something that came as JSON. */
export function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(key)
    : undefined;
}
