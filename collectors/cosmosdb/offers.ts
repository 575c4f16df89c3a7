import { z } from 'zod';
import { containerKey, type ThroughputReading, type ThroughputSettings } from './throughput-book.ts';

/** The throughput of one database or container as the data plane tells it. */
export interface DataOffer {
  readonly id: string;
  /** Link of the database or container: `dbs/x/` or `dbs/x/colls/y/`. */
  readonly resource: string;
  readonly perSecond: number;
  readonly autoscaleMaximum: number | undefined;
}

/** A database or container by the link that offers name it by. */
export interface Owner {
  readonly database: string;
  /** Empty for a database. */
  readonly container: string;
  readonly self: string;
}

/** Limits of an offer, from headers. */
export interface OfferLimits {
  readonly minimum: number | undefined;
  readonly replacePending: boolean | undefined;
}

const offerSchema = z.looseObject({
  id: z.string(),
  resource: z.string(),
  content: z.looseObject({
    offerThroughput: z.number().optional(),
    offerAutopilotSettings: z.looseObject({ maxThroughput: z.number().optional() }).nullish(),
  }),
});

/** One row of `/offers`; undefined for what has no throughput. */
export function toDataOffer(row: unknown): DataOffer | undefined {
  const read = offerSchema.safeParse(row);
  if (!read.success) return undefined;
  const { id, resource, content } = read.data;
  // With autoscale, offerThroughput is what it stands at now, and not what is reserved.
  const autoscaleMaximum = content.offerAutopilotSettings?.maxThroughput;
  const perSecond = autoscaleMaximum ?? content.offerThroughput;
  return perSecond === undefined ? undefined : { id, resource, perSecond, autoscaleMaximum };
}

/** Joins offers to the databases and containers they are for; one without an owner (deleted meanwhile) is left out. */
export function joinOffers(
  offers: readonly DataOffer[],
  owners: readonly Owner[],
  limits: ReadonlyMap<string, OfferLimits>,
): ThroughputReading {
  const byLink = new Map(offers.map((offer) => [bare(offer.resource), offer]));
  const settings: ThroughputSettings[] = [];
  const sharing = new Set<string>();
  for (const { database, container, self } of owners) {
    const offer = byLink.get(bare(self));
    if (offer === undefined) {
      if (container !== '') sharing.add(containerKey(database, container));
      continue;
    }
    const { perSecond, autoscaleMaximum, id } = offer;
    settings.push({
      database,
      container,
      perSecond,
      autoscaleMaximum,
      minimum: limits.get(id)?.minimum,
      instantMaximum: undefined,
      softMaximum: undefined,
      replacePending: limits.get(id)?.replacePending,
    });
  }
  return { settings, sharing };
}

/** Links come with and without slashes at their ends. */
export function bare(link: string): string {
  return link.replaceAll(/^\/+|\/+$/g, '');
}

export function parseLimits(headers: Readonly<Record<string, string | undefined>>): OfferLimits {
  const minimum = Number(headers['x-ms-cosmos-min-throughput']?.trim() || Number.NaN);
  const pending = headers['x-ms-offer-replace-pending'];
  return {
    minimum: Number.isFinite(minimum) ? minimum : undefined,
    replacePending: pending === undefined ? undefined : pending.toLowerCase() === 'true',
  };
}
