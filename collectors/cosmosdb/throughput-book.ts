import type { PlacedValue } from './place.ts';

/** What is set for a database or a container. */
export interface ThroughputSettings {
  readonly database: string;
  /** Empty: of the database, shared by its containers that have none of their own. */
  readonly container: string;
  /** The manual throughput or the autoscale maximum, RU/s in each region. */
  readonly perSecond: number;
  readonly autoscaleMaximum: number | undefined;
  readonly minimum: number | undefined;
  readonly instantMaximum: number | undefined;
  readonly softMaximum: number | undefined;
  readonly replacePending: boolean | undefined;
}

/** The throughput of an account as it was read in one go. */
export interface ThroughputReading {
  readonly settings: readonly ThroughputSettings[];
  /** Containers that were looked at and have no throughput of their own, by `containerKey`. */
  readonly sharing: ReadonlySet<string>;
}

export function containerKey(database: string, container: string): string {
  return JSON.stringify([database, container]);
}

/** Remembers the latest reading of throughput for what is computed from it, until it is too old to be true. */
export class ThroughputBook {
  readonly #livesMs: number;
  #latest: { readonly reading: ThroughputReading; readonly atMs: number } | undefined;

  constructor(livesMs: number) {
    this.#livesMs = livesMs;
  }

  write(reading: ThroughputReading, monotonicMs: number): void {
    this.#latest = { reading, atMs: monotonicMs };
  }

  read(monotonicMs: number): ThroughputReading | undefined {
    if (this.#latest === undefined || monotonicMs - this.#latest.atMs > this.#livesMs) return undefined;
    return this.#latest.reading;
  }
}

/** The same number where the throughput is that serves it: under an empty container where it is shared; undefined where nobody looked. */
export function ownerOf(
  placed: PlacedValue,
  { settings, sharing }: ThroughputReading,
): PlacedValue | undefined {
  const { database, container } = placed;
  const isSet = (name: string): boolean =>
    settings.some((each) => each.database === database && each.container === name);
  if (isSet(container)) return placed;
  return sharing.has(containerKey(database, container)) && isSet('')
    ? { ...placed, container: '' }
    : undefined;
}

/**
 * Consumed by provisioned throughput, for each region by itself: of containers with throughput of their own, and of all containers
 * together that share that of their database (under an empty container).
 *
 * What is not certain is left out: a database in which something consumed that nobody looked at, and, where `isWhole` is false because
 * consumption was cut off, every shared one.
 *
 * @param consumed RU/s of one minute, each place once.
 */
export function utilizations(
  consumed: readonly PlacedValue[],
  { settings, sharing }: ThroughputReading,
  isWhole: boolean,
): readonly PlacedValue[] {
  const provisioned = new Map(
    settings.map(({ database, container, perSecond }) => [containerKey(database, container), perSecond]),
  );
  const own: PlacedValue[] = [];
  const shared = new Map<string, { database: string; region: string; sum: number; isKnown: boolean }>();
  for (const { database, container, region, value } of consumed) {
    const dedicated = container === '' ? undefined : provisioned.get(containerKey(database, container));
    if (dedicated !== undefined) {
      if (dedicated > 0) own.push({ database, container, region, value: value / dedicated });
      continue;
    }
    const key = containerKey(database, region);
    const before = shared.get(key) ?? { database, region, sum: 0, isKnown: isWhole };
    const isKnown = before.isKnown && (container === '' || sharing.has(containerKey(database, container)));
    shared.set(key, { database, region, sum: before.sum + value, isKnown });
  }
  for (const { database, region, sum, isKnown } of shared.values()) {
    const perSecond = provisioned.get(containerKey(database, ''));
    if (isKnown && perSecond !== undefined && perSecond > 0) {
      own.push({ database, container: '', region, value: sum / perSecond });
    }
  }
  return own;
}
