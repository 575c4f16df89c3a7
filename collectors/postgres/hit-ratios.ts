import { CounterWindow, ratio } from '../../src/sdk.ts';

/** Blocks of one kind of relation, summed over a database: what was found in shared buffers and what was asked for. */
export interface BlockCounters {
  readonly indexHit: number;
  readonly indexFetched: number;
  readonly tableHit: number;
  readonly tableFetched: number;
}

export interface BlockReading {
  /** Milliseconds that only grow. */
  readonly atMs: number;
  readonly counters: BlockCounters;
  /** Changes when the statistics of the database or of the server were reset. */
  readonly epoch: string;
  /** Whether a relation that was part of the previous reading is gone, and its counts with it. */
  readonly lostRelations: boolean;
}

export interface HitRatios {
  /** Growth since the first reading, over resets and dropped relations. */
  readonly totals: BlockCounters;
  readonly index: WindowedRatio | undefined;
  readonly table: WindowedRatio | undefined;
}

export interface WindowedRatio {
  readonly value: number | undefined;
  /** Blocks asked for within the window. */
  readonly basis: number;
}

const names = [
  'indexHit',
  'indexFetched',
  'tableHit',
  'tableFetched',
] as const satisfies readonly (keyof BlockCounters)[];

/**
 * Follows the block counters of one database. A sum over relations is no counter: it falls when a relation is dropped. So only growth
 * between two readings of the same relations and the same epoch is counted, and an interval in which a relation went is left out.
 */
export class HitRatioWatch {
  readonly #window: CounterWindow<keyof BlockCounters>;
  #last: BlockReading | undefined;
  #totals: BlockCounters = { indexHit: 0, indexFetched: 0, tableHit: 0, tableFetched: 0 };

  /** @param windowMs over which the ratios are taken. */
  constructor(windowMs: number) {
    this.#window = new CounterWindow(windowMs);
  }

  add(reading: BlockReading): HitRatios {
    this.#totals = grow(this.#totals, this.#last, reading);
    this.#last = reading;
    this.#window.add(reading.atMs, this.#totals, reading.epoch);
    const growth = this.#window.delta()?.growth;
    return {
      totals: this.#totals,
      index: growth && { value: ratio(growth.indexHit, growth.indexFetched), basis: growth.indexFetched },
      table: growth && { value: ratio(growth.tableHit, growth.tableFetched), basis: growth.tableFetched },
    };
  }
}

function grow(totals: BlockCounters, last: BlockReading | undefined, reading: BlockReading): BlockCounters {
  if (last === undefined || last.epoch !== reading.epoch || reading.lostRelations) return totals;
  if (names.some((name) => reading.counters[name] < last.counters[name])) return totals;
  const grown = { ...totals };
  for (const name of names) grown[name] += reading.counters[name] - last.counters[name];
  return grown;
}
