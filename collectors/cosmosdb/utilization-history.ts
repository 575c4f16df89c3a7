import { z } from 'zod';
import type { Memory } from '../../src/sdk.ts';
import { type Place, type PlacedValue, placeKey } from './place.ts';

/** Minutes from one time up to another, Unix time in milliseconds. */
export interface MinuteRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The 95th percentile of the minutes of one place. */
export interface PlacedPercentile extends PlacedValue {
  /** Minutes behind it. */
  readonly minutes: number;
}

/** Some hours in a row; the oldest is forgotten as a whole. */
interface Span {
  readonly fromMs: number;
  /** By minute of the span: whether it counts already. */
  readonly taken: Uint8Array;
  /** By `placeKey`: minutes in each bin. */
  readonly counts: Map<string, Uint16Array>;
}

const minute = 60_000;
const hour = 60 * minute;
/** Two hundredths of utilisation to a bin: bounds in whole percent lie between bins. */
const binsPerUnit = 200;
/** The last bin holds all that is above twice what is provisioned. */
const lastBin = 2 * binsPerUnit;
const key = 'utilization';
/** The store takes a MiB. */
const longestText = 900_000;

/**
 * Utilisation of each place, minute by minute, over a sliding window, as histograms; none counts twice. Outlives restarts.
 *
 * The window is kept in spans of 6 hours (an hour where it is shorter than 2 days), and moves by one of them.
 */
export class UtilizationHistory {
  readonly windowMs: number;
  readonly #spanMs: number;
  readonly #memory: Memory;
  readonly #spans = new Map<number, Span>();
  readonly #places = new Map<string, Place>();

  constructor({ windowMs, memory }: { readonly windowMs: number; readonly memory: Memory }) {
    this.windowMs = Math.max(hour, windowMs);
    this.#spanMs = this.windowMs < 48 * hour ? hour : 6 * hour;
    this.#memory = memory;
    this.#restore(memory.read(key));
  }

  /** Counts one minute of some places, unless it was counted or closed before. */
  take(atMs: number, values: readonly PlacedValue[]): void {
    if (this.#isTaken(atMs)) return;
    const { counts } = this.#mark(atMs);
    for (const { value, ...place } of values) {
      const name = placeKey(place);
      this.#places.set(name, place);
      const bins = counts.get(name) ?? new Uint16Array(lastBin + 1);
      counts.set(name, bins);
      const bin = binOf(value);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
  }

  /** Nothing more is expected of these minutes. */
  close({ fromMs, toMs }: MinuteRange): void {
    for (let atMs = fromMs; atMs < toMs; atMs += minute) this.#mark(atMs);
  }

  /** Minutes that were neither counted nor closed, oldest first. */
  gaps({ fromMs, toMs }: MinuteRange): readonly MinuteRange[] {
    const gaps: MinuteRange[] = [];
    for (let atMs = Math.ceil(fromMs / minute) * minute; atMs < toMs; atMs += minute) {
      if (this.#isTaken(atMs)) continue;
      const last = gaps.at(-1);
      if (last?.toMs === atMs) gaps[gaps.length - 1] = { ...last, toMs: atMs + minute };
      else gaps.push({ fromMs: atMs, toMs: atMs + minute });
    }
    return gaps;
  }

  /** What 95 of 100 minutes of each place stay within, rounded up to half a percent. */
  percentiles(): readonly PlacedPercentile[] {
    const sums = new Map<string, { readonly bins: Uint32Array; minutes: number }>();
    for (const { counts } of this.#spans.values()) {
      for (const [name, bins] of counts) {
        const sum = sums.get(name) ?? { bins: new Uint32Array(lastBin + 1), minutes: 0 };
        sums.set(name, sum);
        for (const [bin, count] of bins.entries()) {
          if (count === 0) continue;
          sum.bins[bin] = (sum.bins[bin] ?? 0) + count;
          sum.minutes += count;
        }
      }
    }
    return [...sums].flatMap(([name, { bins, minutes }]) => {
      const place = this.#places.get(name);
      return place === undefined ? [] : [{ ...place, value: percentile(bins, minutes), minutes }];
    });
  }

  /** Forgets what is older than the window before this time, and remembers the rest. Places that no longer fit are left out, idle ones first. */
  save(newestMs: number): void {
    for (const { fromMs } of this.#spans.values()) {
      if (fromMs + this.#spanMs <= newestMs - this.windowMs) this.#spans.delete(fromMs);
    }
    const ranked = [...this.percentiles()].sort((a, b) => b.value - a.value).map(placeKey);
    for (const name of this.#places.keys()) if (!ranked.includes(name)) this.#places.delete(name);
    const spans = [...this.#spans.values()];
    const texts = ranked.map((name) =>
      JSON.stringify([this.#places.get(name), spans.map(({ counts }) => toText(counts.get(name)))]),
    );
    let left = longestText;
    const kept = texts.filter((text) => {
      left -= text.length + 1;
      return left >= 0;
    });
    const about = spans.map(({ fromMs, taken }) => [fromMs, Buffer.from(taken).toString('base64')]);
    const head = JSON.stringify({ version: 1, spanMs: this.#spanMs, spans: about });
    this.#memory.write(key, `${head.slice(0, -1)},"places":[${kept.join()}]}`);
  }

  #isTaken(atMs: number): boolean {
    const { span, index } = this.#positionOf(atMs);
    return ((span?.taken[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  #mark(atMs: number): Span {
    const { fromMs, span = this.#newSpan(fromMs), index } = this.#positionOf(atMs);
    span.taken[index >> 3] = (span.taken[index >> 3] ?? 0) | (1 << (index & 7));
    this.#spans.set(fromMs, span);
    return span;
  }

  #positionOf(atMs: number) {
    const fromMs = Math.floor(atMs / this.#spanMs) * this.#spanMs;
    return { fromMs, span: this.#spans.get(fromMs), index: Math.floor((atMs - fromMs) / minute) };
  }

  #newSpan(fromMs: number): Span {
    return { fromMs, taken: new Uint8Array(Math.ceil(this.#spanMs / minute / 8)), counts: new Map() };
  }

  /** What was written for another window or by another version is read from Azure again. */
  #restore(text: string | undefined): void {
    const read = savedSchema.safeParse(parseJson(text));
    if (!read.success || read.data.spanMs !== this.#spanMs) return;
    const spans = read.data.spans.map(([fromMs, taken]) => {
      const span = this.#newSpan(fromMs);
      span.taken.set(Buffer.from(taken, 'base64').subarray(0, span.taken.length));
      this.#spans.set(fromMs, span);
      return span;
    });
    for (const [place, texts] of read.data.places) {
      const name = placeKey(place);
      this.#places.set(name, place);
      for (const [index, bins] of texts.entries())
        if (bins !== '') spans[index]?.counts.set(name, fromText(bins));
    }
  }
}

const savedSchema = z.object({
  version: z.literal(1),
  spanMs: z.number(),
  spans: z.array(z.tuple([z.number(), z.string()])),
  places: z.array(
    z.tuple([
      z.object({ database: z.string(), container: z.string(), region: z.string() }),
      z.array(z.string().regex(/^([0-9a-z]{4})*$/)),
    ]),
  ),
});

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A file that was damaged: the history begins anew.
    return undefined;
  }
}

/** Bins are closed above, so that exactly the bound is still within it. */
function binOf(value: number): number {
  const exact = value * binsPerUnit;
  return Math.min(lastBin, Math.max(0, Math.ceil(exact - 1e-6)));
}

function percentile(bins: Uint32Array, minutes: number): number {
  let seen = 0;
  for (const [bin, count] of bins.entries()) {
    seen += count;
    if (seen >= 0.95 * minutes) return bin / binsPerUnit;
  }
  return lastBin / binsPerUnit;
}

/** Two digits of base 36 for the bin and two for its minutes. */
function toText(bins: Uint16Array | undefined): string {
  if (bins === undefined) return '';
  const digits = (value: number): string => value.toString(36).padStart(2, '0');
  return [...bins.entries()].map(([bin, count]) => (count === 0 ? '' : digits(bin) + digits(count))).join('');
}

function fromText(text: string): Uint16Array {
  const bins = new Uint16Array(lastBin + 1);
  for (const [pair] of text.matchAll(/.{4}/g)) {
    const bin = Number.parseInt(pair.slice(0, 2), 36);
    if (bin <= lastBin) bins[bin] = Number.parseInt(pair.slice(2), 36);
  }
  return bins;
}
