import type { JobCost } from './bigquery-api.ts';

/** Prices in US dollars. Lists differ by region and contract: what stands in the configuration wins. */
export interface Pricing {
  /** For each TiB that on-demand queries are billed for. */
  readonly onDemandUsdPerTiB: number;
  /** TiB of each month that cost nothing. */
  readonly freeTiBPerMonth: number;
  /** For each slot and hour of pay-as-you-go capacity, by edition. */
  readonly slotHourUsd: Prices;
  /** For each slot and hour of capacity that is committed to, by plan and edition. */
  readonly commitmentSlotHourUsd: Readonly<Record<string, Prices>>;
  /** For each GiB and month. */
  readonly storageUsdPerGiBMonth: Readonly<Record<StoragePrice, number>>;
}

/** Dollars by name; what is not here has no known price. */
export type Prices = Readonly<Record<string, number>>;
export type StoragePrice = 'activeLogical' | 'longTermLogical' | 'activePhysical' | 'longTermPhysical';

const bytesPerTiB = 1024 ** 4;
export const bytesPerGiB = 1024 ** 3;
/** What BigQuery bills at least for each table that an on-demand query names. */
export const smallestBilledBytes = 10 * 1024 ** 2;

/**
 * List prices of the multi-region US, November 2026.
 *
 * @see https://cloud.google.com/bigquery/pricing
 */
export const listPricing: Pricing = {
  onDemandUsdPerTiB: 6.25,
  freeTiBPerMonth: 1,
  slotHourUsd: { STANDARD: 0.04, ENTERPRISE: 0.06, ENTERPRISE_PLUS: 0.1 },
  commitmentSlotHourUsd: {
    ANNUAL: { ENTERPRISE: 0.048, ENTERPRISE_PLUS: 0.08 },
    THREE_YEAR: { ENTERPRISE: 0.036, ENTERPRISE_PLUS: 0.06 },
  },
  storageUsdPerGiBMonth: {
    activeLogical: 0.02,
    longTermLogical: 0.01,
    activePhysical: 0.04,
    longTermPhysical: 0.02,
  },
};

/** What bytes billed cost at the list price, without free ones, in US dollars. */
export function bytesUsd(bytes: number, { onDemandUsdPerTiB }: Pick<Pricing, 'onDemandUsdPerTiB'>): number {
  return (bytes / bytesPerTiB) * onDemandUsdPerTiB;
}

/**
 * What a job of ours cost at the list price, in US dollars. In a reservation bytes are not billed; the dearest edition is an upper bound
 * of what its slots cost.
 *
 * @param unsaidBytes the most that it can have been billed for, where nobody says
 */
export function costUsd(
  { billedBytes, slotMs, isReserved }: JobCost,
  unsaidBytes: number,
  pricing: Pick<Pricing, 'onDemandUsdPerTiB' | 'slotHourUsd'>,
): number {
  if (!isReserved) return bytesUsd(billedBytes ?? unsaidBytes, pricing);
  return (slotMs / 3_600_000) * Math.max(0, ...Object.values(pricing.slotHourUsd));
}

/** What a month costs after so many bytes, in US dollars: the free ones come first. */
export function monthUsd(
  bytes: number,
  pricing: Pick<Pricing, 'onDemandUsdPerTiB' | 'freeTiBPerMonth'>,
): number {
  return bytesUsd(Math.max(0, bytes - pricing.freeTiBPerMonth * bytesPerTiB), pricing);
}
