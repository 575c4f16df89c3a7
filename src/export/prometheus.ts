import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { Snapshots } from '../core/ports/snapshots.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { AgentMetrics } from '../telemetry/agent-metrics.ts';
import type { ContentEncoding, ExpositionFormat } from './format.ts';
import { contentTypes, negotiateEncoding, negotiateFormat } from './format.ts';
import type { Pacer } from './pacer.ts';
import { createPacer } from './pacer.ts';
import type { PageBody } from './page.ts';
import { renderPage } from './page.ts';
import type { RenderedTarget } from './rendered-target.ts';
import { renderTarget } from './rendered-target.ts';
import { ScrapeRhythm } from './scrape-rhythm.ts';
import { renderTail } from './tail.ts';

export interface PrometheusExporterInput {
  readonly snapshots: Snapshots;
  readonly agent: AgentMetrics;
  readonly clock: Clock;
  readonly log: Log;
}

/** The headers of a scrape that decide its form. */
export interface ScrapeRequest {
  readonly accept?: string | undefined;
  readonly acceptEncoding?: string | undefined;
}

export interface Exposition {
  readonly status: 200;
  readonly headers: Readonly<Record<string, string>>;
  /** The body, to be written in this order. */
  readonly chunks: readonly Buffer[];
}

/** Serves the latest snapshots of all targets without touching a database. */
export interface PrometheusExporter {
  scrape(request: ScrapeRequest): Promise<Exposition>;
  /** Ends the subscription and background work; scrapes still answer with what is known. */
  close(): Promise<void>;
}

/** A page is prepared anew at most this often, in milliseconds. */
const shortestPauseMs = 1_000;
/** Preparing pages takes at most this share of a core: after an expensive one the pause is longer. */
const largestShare = 0.04;
const longestPauseMs = 10_000;
/** A page is begun this long before somebody is expected, or twice as long as the last one took. */
const headStartMs = 1_000;
/** Pages and their variants are prepared ahead for clients that came within this time, in milliseconds. */
const rememberedMs = 5 * 60_000;

interface Page {
  /** In the order of the page; their times belong to the samples on it. */
  readonly targets: readonly RenderedTarget[];
  readonly variants: ReadonlyMap<string, PageBody>;
}

export function createPrometheusExporter(input: PrometheusExporterInput): PrometheusExporter {
  return new Exporter(input);
}

class Exporter implements PrometheusExporter {
  readonly #input: PrometheusExporterInput;
  readonly #unsubscribe: () => void;
  readonly #closing = new AbortController();
  /** Changes that are not on the page yet: rendering waits until somebody wants to see it. */
  readonly #pending = new Map<string, Snapshot | undefined>();
  readonly #targets = new Map<string, RenderedTarget>();
  /** When each variant was last asked for. */
  readonly #asked = new Map<string, number>();
  readonly #rhythm = new ScrapeRhythm();
  #page: Page | undefined;
  #build: Promise<Page> | undefined;
  #ahead: Promise<void> | undefined;
  #pauseMs = shortestPauseMs;
  /** From the beginning to the end, with all that happened in between. */
  #tookMs = 0;
  #builtAt = Number.NEGATIVE_INFINITY;
  /** Since when the page misses a change. */
  #dirtySince: number | undefined = undefined;

  constructor(input: PrometheusExporterInput) {
    this.#input = input;
    for (const snapshot of input.snapshots.latest()) this.#pending.set(snapshot.target.id, snapshot);
    this.#unsubscribe = input.snapshots.subscribe(({ target, snapshot }) => {
      this.#pending.set(target, snapshot);
      this.#dirtySince ??= input.clock.monotonicMs();
      this.#prepareAhead();
    });
  }

  async scrape(request: ScrapeRequest): Promise<Exposition> {
    const format = negotiateFormat(request.accept);
    const encoding = negotiateEncoding(request.acceptEncoding);
    const variant = variantKey(format, encoding);
    const askedAtMs = this.#input.clock.monotonicMs();
    this.#asked.set(variant, askedAtMs);
    this.#rhythm.add(askedAtMs);
    const { page, body } = await this.#pageWith(variant);
    const { clock, agent, log } = this.#input;
    const { targets } = page;
    const text = await renderTail({ format, targets, now: clock.now(), agent, log, taken: body.families });
    const tail = Buffer.from(text);
    // A second gzip member: decompressors join members.
    const chunks = [...body.chunks, encoding === 'gzip' ? await compress(tail, { level: 1 }) : tail];
    this.#prepareAhead();
    return { status: 200, headers: renderHeaders(format, encoding, chunks), chunks };
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#closing.abort();
    await this.#ahead;
    await this.#build;
  }

  /** The prepared page, or a new one where it lacks the variant or nobody has kept it fresh. */
  async #pageWith(variant: string): Promise<{ page: Page; body: PageBody }> {
    const ready = this.#page?.variants.get(variant);
    if (this.#page !== undefined && ready !== undefined && !this.#isStale())
      return { page: this.#page, body: ready };
    // A page that is being prepared may have been begun before this variant was asked for.
    let page = await this.#buildPage();
    if (!page.variants.has(variant)) page = await this.#buildPage();
    return { page, body: page.variants.get(variant) ?? { chunks: [], families: new Set() } };
  }

  #isStale(): boolean {
    const { clock } = this.#input;
    return this.#dirtySince !== undefined && clock.monotonicMs() - this.#dirtySince > longestPauseMs;
  }

  /** Keeps the page fresh while it is being scraped; one loop at a time. */
  #prepareAhead(): void {
    if (this.#ahead !== undefined || !this.#isWorthPreparing()) return;
    this.#ahead = this.#runAhead()
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted)
          this.#input.log.error('metrics page could not be prepared', { error });
      })
      .finally(() => {
        this.#ahead = undefined;
      });
  }

  async #runAhead(): Promise<void> {
    const { clock } = this.#input;
    while (this.#isWorthPreparing()) {
      const waitMs = this.#waitMs(clock.monotonicMs());
      if (waitMs <= 0) await this.#buildPage();
      // Somebody may come meanwhile who changes what is expected.
      else await clock.sleep(Math.min(waitMs, shortestPauseMs), this.#closing.signal);
    }
  }

  /** Until the next page is to be begun: after the pause, and not long before somebody is expected. */
  #waitMs(nowMs: number): number {
    const pauseMs = this.#builtAt + this.#pauseMs - nowMs;
    const expectedMs = this.#rhythm.nextMs(nowMs);
    if (expectedMs === undefined) return pauseMs;
    return Math.max(pauseMs, expectedMs - Math.max(headStartMs, 2 * this.#tookMs) - nowMs);
  }

  #isWorthPreparing(): boolean {
    return !this.#closing.signal.aborted && this.#pending.size > 0 && this.#wantedVariants().size > 0;
  }

  #wantedVariants(): Set<string> {
    const oldest = this.#input.clock.monotonicMs() - rememberedMs;
    for (const [variant, askedAt] of this.#asked) if (askedAt < oldest) this.#asked.delete(variant);
    return new Set(this.#asked.keys());
  }

  #buildPage(): Promise<Page> {
    this.#build ??= this.#renderPage().finally(() => {
      this.#build = undefined;
    });
    return this.#build;
  }

  async #renderPage(): Promise<Page> {
    const { clock } = this.#input;
    const pacer = createPacer(clock);
    const beganMs = clock.monotonicMs();
    this.#dirtySince = undefined;
    await this.#renderPending(pacer);
    const targets = [...this.#targets.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const variants = new Map<string, PageBody>();
    const wanted = this.#wantedVariants();
    for (const format of ['text', 'openmetrics'] as const) {
      const encodings = new Set(encodingNames.filter((encoding) => wanted.has(variantKey(format, encoding))));
      if (encodings.size === 0) continue;
      const bodies = await renderPage(targets, format, encodings, pacer);
      for (const encoding of encodings) {
        const body = bodies[encoding];
        if (body !== undefined) variants.set(variantKey(format, encoding), body);
      }
    }
    this.#page = { targets, variants };
    this.#builtAt = clock.monotonicMs();
    this.#tookMs = this.#builtAt - beganMs;
    this.#pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, pacer.busyMs() / largestShare));
    return this.#page;
  }

  async #renderPending(pacer: Pacer): Promise<void> {
    const changes = [...this.#pending];
    this.#pending.clear();
    for (const [target, snapshot] of changes) {
      if (snapshot === undefined) this.#targets.delete(target);
      else this.#targets.set(target, await renderTarget(snapshot, pacer));
      if (pacer.isDue()) await pacer.yield();
    }
  }
}

const compress = promisify(gzip);
const encodingNames = ['identity', 'gzip'] as const satisfies readonly ContentEncoding[];

function variantKey(format: ExpositionFormat, encoding: ContentEncoding): string {
  return `${format} ${encoding}`;
}

function renderHeaders(
  format: ExpositionFormat,
  encoding: ContentEncoding,
  chunks: readonly Buffer[],
): Record<string, string> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const headers = {
    'content-type': contentTypes[format],
    'content-length': String(length),
    'cache-control': 'no-store',
    vary: 'Accept, Accept-Encoding',
  };
  return encoding === 'gzip' ? { ...headers, 'content-encoding': 'gzip' } : headers;
}
