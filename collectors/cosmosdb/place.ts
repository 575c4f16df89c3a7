/** Where a number belongs: the labels of most metrics, and how Azure's own spelling of them is brought together. */

export interface Place {
  readonly database: string;
  readonly container: string;
  readonly region: string;
}

/** One number at a place. */
export interface PlacedValue extends Place {
  readonly value: number;
}

/** One text for a place, unambiguous. */
export function placeKey({ database, container, region }: Place): string {
  return JSON.stringify([database, container, region]);
}

/** What Azure Monitor writes for "none". */
const nothing = new Set(['', '<empty>', '__empty', '<none>']);

/** Spells what Azure Monitor says as Azure Resource Manager spells it: regions `westeurope` and `West Europe` are one. */
export class Spelling {
  readonly #regions: ReadonlyMap<string, string>;

  constructor(regions: readonly string[]) {
    this.#regions = new Map(regions.map((name) => [squeezed(name), name]));
  }

  place(dimensions: ReadonlyMap<string, string>): Place {
    return {
      database: this.name(dimensions.get('databasename')),
      container: this.name(dimensions.get('collectionname')),
      region: this.region(dimensions.get('region')),
    };
  }

  name(text = ''): string {
    return nothing.has(text.toLowerCase()) ? '' : text;
  }

  region(text = ''): string {
    return this.#regions.get(squeezed(text)) ?? this.name(text);
  }
}

/** Adds up what falls on the same place. */
export function sumByPlace(values: readonly PlacedValue[]): readonly PlacedValue[] {
  const sums = new Map<string, PlacedValue>();
  for (const placed of values) {
    const key = placeKey(placed);
    sums.set(key, { ...placed, value: (sums.get(key)?.value ?? 0) + placed.value });
  }
  return [...sums.values()];
}

function squeezed(region: string): string {
  return region.toLowerCase().replaceAll(/\s/g, '');
}
