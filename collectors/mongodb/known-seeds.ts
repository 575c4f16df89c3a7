import { type Resolver, resolveSeeds, type Seeds } from './seeds.ts';
import type { MongoUrl } from './url.ts';

/** DNS is asked again after this long. */
const everyMs = 60_000;

/** The seeds of a target, as DNS told them last. */
export class KnownSeeds {
  readonly #url: MongoUrl;
  readonly #resolver: Resolver | undefined;
  #known: { readonly seeds: Seeds; readonly atMs: number } | undefined;

  constructor(url: MongoUrl, resolver: Resolver | undefined) {
    this.#url = url;
    this.#resolver = resolver;
  }

  /** No addresses until DNS answered once. */
  get current(): Seeds {
    return this.#known?.seeds ?? { addresses: [], authSource: undefined };
  }

  /** @throws {CollectError} when seeds are needed and DNS never answered; what it said once holds until it says something else. */
  async resolve(nowMs: number, { isNeeded }: { readonly isNeeded: boolean }): Promise<void> {
    if (this.#known !== undefined && nowMs - this.#known.atMs < everyMs) return;
    try {
      this.#known = { seeds: await resolveSeeds(this.#url, this.#resolver), atMs: nowMs };
    } catch (thrown) {
      if (this.#known === undefined && isNeeded) throw thrown;
    }
  }
}
