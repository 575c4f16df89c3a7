import { CollectError } from '../../src/sdk.ts';
import type { MetricAnswer, MetricQuery } from './metric-query.ts';
import { metricQueries, settlingMs } from './metric-query.ts';
import { consumedMinutes } from './minutes.ts';
import type { Monitor } from './monitor.ts';
import type { Place, Spelling } from './place.ts';
import { containerKey, type ThroughputReading, utilizations } from './throughput-book.ts';
import type { MinuteRange, UtilizationHistory } from './utilization-history.ts';

export interface BackfillStep {
  readonly throughput: ThroughputReading;
  readonly spelling: Spelling;
  /** Unix time in milliseconds. */
  readonly now: number;
  /** Lines that the newest answer had; how much may be asked for at once. */
  readonly lines: number;
  readonly signal: AbortSignal;
}

const passing: ReadonlySet<string> = new Set(['unreachable', 'timeout', 'throttled']);
const minute = 60_000;
const hour = 60 * minute;
/** What the readings themselves tell of. */
const liveMs = settlingMs + metricQueries.requestUnits.grainCount * minute;
const longestPart = 360;
const shortestPart = 30;
/** Some 50 bytes each. */
const mostPoints = 100_000;

/**
 * Asks Azure for minutes that were not seen: before the first start, and while the agent was not running. One part at a time, the newest
 * first, so that a new target is known within minutes; two reads each, and two for what was provisioned then.
 */
export class UtilizationBackfill {
  readonly #monitor: Pick<Monitor, 'query'>;
  readonly #history: UtilizationHistory;
  #parts: readonly MinuteRange[] = [];
  #lookedUntilMs: number | undefined;
  #provisioned: ProvisionedHours | undefined;

  constructor(monitor: Pick<Monitor, 'query'>, history: UtilizationHistory) {
    this.#monitor = monitor;
    this.#history = history;
  }

  /** Takes one part that is missing, if any is. What Azure refuses for now is asked for again; what it does not offer is given up. */
  async step(request: BackfillStep): Promise<void> {
    this.#look(request);
    const [part] = this.#parts;
    if (part === undefined) return;
    try {
      this.#provisioned ??= await this.#askProvisioned(request);
      await this.#take(part, this.#provisioned, request);
      this.#parts = this.#parts.slice(1);
    } catch (thrown) {
      if (!(thrown instanceof CollectError)) throw thrown;
      // The minutes that come are counted all the same.
      if (!passing.has(thrown.code)) this.#parts = [];
    }
    if (this.#parts.length === 0) this.#provisioned = undefined;
  }

  #look({ now, lines }: BackfillStep): void {
    const toMs = Math.floor((now - liveMs) / minute) * minute;
    const fromMs = this.#lookedUntilMs ?? toMs - this.#history.windowMs;
    if (this.#parts.length > 0 || toMs - fromMs < liveMs) return;
    this.#lookedUntilMs = toMs;
    const length = Math.min(longestPart, Math.max(shortestPart, Math.floor(mostPoints / Math.max(1, lines))));
    this.#parts = this.#history
      .gaps({ fromMs, toMs })
      .flatMap((gap) => divide(gap, length * minute))
      .toReversed();
  }

  async #take(part: MinuteRange, provisioned: ProvisionedHours, request: BackfillStep): Promise<void> {
    const { throughput, spelling, signal } = request;
    const span = { grainCount: (part.toMs - part.fromMs) / minute };
    const ask = (query: MetricQuery): Promise<MetricAnswer> =>
      this.#monitor.query({ ...query, ...span }, part.toMs + settlingMs, 'deferrable', signal);
    const units = await ask(metricQueries.requestUnits);
    const normalized = await ask(metricQueries.normalized);
    for (const { atMs, values, isWhole } of consumedMinutes({ units, normalized }, spelling)) {
      if (atMs === undefined) continue;
      const rates = values.map((placed) => ({ ...placed, value: placed.value / 60 }));
      const known = utilizations(rates, throughput, isWhole).filter((place) =>
        provisioned.isAsNow(place, atMs),
      );
      this.#history.take(atMs, known);
    }
    this.#history.close(part);
  }

  async #askProvisioned({ throughput, spelling, now, signal }: BackfillStep): Promise<ProvisionedHours> {
    const common = { grain: 'PT1H', aggregation: 'maximum' } as const;
    const grainCount = Math.ceil(this.#history.windowMs / hour) + 1;
    const answers: MetricAnswer[] = [];
    for (const query of provisionedQueries) {
      const whole = { ...common, ...query, grainCount };
      answers.push(await this.#monitor.query(whole, now + hour, 'deferrable', signal));
    }
    return new ProvisionedHours(throughput, answers, spelling);
  }
}

const provisionedQueries = [
  { names: ['ProvisionedThroughput'], dimensions: ['DatabaseName', 'CollectionName', 'Region'] },
  { names: ['AutoscaleMaxThroughput'], dimensions: ['DatabaseName', 'CollectionName'] },
] as const;

/** In which hours as much was provisioned as now: consumption of others cannot be held against the present setting. */
class ProvisionedHours {
  readonly #present: ReadonlyMap<string, number>;
  readonly #hours = new Map<string, Map<number, number>>();

  constructor({ settings }: ThroughputReading, answers: readonly MetricAnswer[], spelling: Spelling) {
    this.#present = new Map(
      settings.map(({ database, container, perSecond }) => [containerKey(database, container), perSecond]),
    );
    const autoscaled = new Set(
      settings.flatMap(({ database, container, autoscaleMaximum }) =>
        autoscaleMaximum === undefined ? [] : [containerKey(database, container)],
      ),
    );
    for (const { series } of answers) {
      for (const [metric, lines] of series) {
        for (const { dimensions, points } of lines) {
          const { database, container } = spelling.place(dimensions);
          const name = containerKey(database, container);
          if (autoscaled.has(name) !== (metric === 'AutoscaleMaxThroughput')) continue;
          const hours = this.#hours.get(name) ?? new Map<number, number>();
          this.#hours.set(name, hours);
          for (const { atMs, value } of points) hours.set(atMs, Math.max(value, hours.get(atMs) ?? 0));
        }
      }
    }
  }

  /** In the hour itself and, where that is known, in the one before: it was not changed in between. */
  isAsNow({ database, container }: Place, atMs: number): boolean {
    const name = containerKey(database, container);
    const hours = this.#hours.get(name);
    const present = this.#present.get(name);
    const atHour = Math.floor(atMs / hour) * hour;
    return hours?.get(atHour) === present && (hours?.get(atHour - hour) ?? present) === present;
  }
}

function divide({ fromMs, toMs }: MinuteRange, lengthMs: number): readonly MinuteRange[] {
  const count = Math.ceil((toMs - fromMs) / lengthMs);
  return Array.from({ length: count }, (_, index) => {
    const beginMs = fromMs + index * lengthMs;
    return { fromMs: beginMs, toMs: Math.min(toMs, beginMs + lengthMs) };
  });
}
