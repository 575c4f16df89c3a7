/** What is remembered of one collection's size; a few numbers, because there may be tens of thousands. */
interface Followed {
  bytes: number;
  atMs: number;
  /** The size that growth is measured from: one to two days old, or the first. */
  baseBytes: number;
  baseAtMs: number;
  /** What becomes the base when that is two days old. */
  nextBytes: number;
  nextAtMs: number;
}

export interface CollectionSize {
  /** `database.collection`. */
  readonly name: string;
  readonly bytes: number;
  /** In a day at the pace since the base, in bytes; undefined in the first hour. May be below 0. */
  readonly growthBytes: number | undefined;
}

const dayMs = 86_400_000;
const shortestMs = 3_600_000;

/** Follows the sizes of collections from reading to reading. */
export class StorageGrowth {
  readonly #followed = new Map<string, Followed>();

  add(name: string, bytes: number, atMs: number): void {
    const known = this.#followed.get(name);
    if (known === undefined) {
      const first = { bytes, atMs, baseBytes: bytes, baseAtMs: atMs, nextBytes: bytes, nextAtMs: atMs };
      this.#followed.set(name, first);
      return;
    }
    known.bytes = bytes;
    known.atMs = atMs;
    if (atMs - known.nextAtMs < dayMs) return;
    known.baseBytes = known.nextBytes;
    known.baseAtMs = known.nextAtMs;
    known.nextBytes = bytes;
    known.nextAtMs = atMs;
  }

  /** Forgets collections that are not listed any more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#followed.keys()) if (!names.has(name)) this.#followed.delete(name);
  }

  forget(name: string): void {
    this.#followed.delete(name);
  }

  get size(): number {
    return this.#followed.size;
  }

  biggest(count: number): readonly CollectionSize[] {
    return this.#top(count, ({ bytes }) => bytes);
  }

  /** Those that grow at all, the fastest first. */
  fastest(count: number): readonly CollectionSize[] {
    return this.#top(count, (followed) => growthOf(followed) ?? Number.NEGATIVE_INFINITY).filter(
      ({ growthBytes }) => growthBytes !== undefined && growthBytes > 0,
    );
  }

  #top(count: number, rank: (followed: Followed) => number): readonly CollectionSize[] {
    const sorted = [...this.#followed].sort(([, one], [, other]) => rank(other) - rank(one));
    return sorted
      .slice(0, count)
      .map(([name, followed]) => ({ name, bytes: followed.bytes, growthBytes: growthOf(followed) }));
  }
}

function growthOf({ bytes, atMs, baseBytes, baseAtMs }: Followed): number | undefined {
  const spanMs = atMs - baseAtMs;
  return spanMs < shortestMs ? undefined : ((bytes - baseBytes) / spanMs) * dayMs;
}
