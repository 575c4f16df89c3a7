import { z } from 'zod';
import { collectErrorCodes, messageOf } from '../core/errors.ts';
import type { MetricTable } from '../core/metric.ts';
import type { Log } from '../core/ports/log.ts';
import type { Memory } from '../core/ports/memory.ts';
import type { Sample } from '../core/sample.ts';
import type { GroupReading } from '../core/snapshot.ts';

/** What is remembered of a group whose reading costs money. Times are Unix time in milliseconds. */
export interface RememberedReading {
  /** When it was last begun, or, when that came to an end, when it ended. */
  readonly triedAt: number;
  /** Until it may be tried again, where that is sooner than its cadence; in milliseconds. */
  readonly retryMs?: number | undefined;
  readonly lastSuccess?: number | undefined;
  /** The latest that ended; absent when none did, or when it was of another configuration. */
  readonly reading?: GroupReading | undefined;
}

export interface ReadingMemoryInput {
  readonly memory: Memory;
  readonly metrics: MetricTable;
  /** Differs when the target's configuration does; values of another configuration are not told. */
  readonly fingerprint: string;
  readonly log: Log;
}

/** The readings of one target that cost money, as they outlive the process. */
export class ReadingMemory {
  readonly #input: ReadingMemoryInput;
  readonly #keys: ReadonlyMap<string, string>;
  /** Groups that the log has said of that they are too long. */
  readonly #said = new Set<string>();

  constructor(input: ReadingMemoryInput) {
    this.#input = input;
    this.#keys = new Map(Object.entries(input.metrics).map(([key, { name }]) => [name, key]));
  }

  /** Nothing when nothing was written, or what was written cannot be read. The reading is absent when its metrics are not those of now. */
  recall(group: string): RememberedReading | undefined {
    const parsed = remembered.safeParse(jsonOf(this.#input.memory.read(keyOf(group))));
    if (!parsed.success) return undefined;
    const { fingerprint, triedAt, retryMs, lastSuccess, reading } = parsed.data;
    if (fingerprint !== this.#input.fingerprint) return { triedAt, retryMs };
    const samples = reading === undefined ? undefined : this.#samples(reading.samples);
    if (reading === undefined || samples === undefined) return { triedAt, retryMs, lastSuccess };
    const errors = reading.errors.map(({ retryAfterMs, ...error }) =>
      retryAfterMs === undefined ? error : { ...error, retryAfterMs },
    );
    return { triedAt, retryMs, lastSuccess, reading: { ...reading, group, errors, samples } };
  }

  /** With `now` it is on disk when this returns: a process that is killed has not spent what nobody knows of. */
  write(group: string, { reading, ...rest }: RememberedReading, when?: 'now'): void {
    const { memory, fingerprint, log } = this.#input;
    const record = { fingerprint, ...rest };
    try {
      const text = JSON.stringify({ ...record, reading: reading && this.#plain(reading) });
      memory.write(keyOf(group), text, when);
    } catch (thrown) {
      // Without its values the reading is unknown after a restart; without its time it would be paid for again.
      if (!this.#said.has(group)) {
        log.warn('reading is not remembered over restarts', { group, reason: messageOf(thrown) });
      }
      this.#said.add(group);
      memory.write(keyOf(group), JSON.stringify(record), when);
    }
  }

  #plain(reading: GroupReading): unknown {
    const samples = reading.samples.map(({ metric, labels, value, basis }) => ({
      metric: this.#keys.get(metric.name),
      labels,
      value,
      basis,
    }));
    return { ...reading, samples };
  }

  /** Nothing when one of them is of a metric that is not there any more, or that has other labels. */
  #samples(plain: readonly PlainSample[]): readonly Sample[] | undefined {
    const samples: Sample[] = [];
    for (const { metric: key, labels, value, basis } of plain) {
      const metric = Object.hasOwn(this.#input.metrics, key) ? this.#input.metrics[key] : undefined;
      if (metric === undefined || Object.keys(metric.labels).length !== labels.length) return undefined;
      samples.push(basis === undefined ? { metric, labels, value } : { metric, labels, value, basis });
    }
    return samples;
  }
}

function keyOf(group: string): string {
  return `reading:${group}`;
}

function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Unix time in milliseconds that a calendar can hold. */
const time = z.number().min(0).max(8.64e15);

const plainSample = z.object({
  metric: z.string(),
  labels: z.array(z.string()),
  value: z.number(),
  basis: z.number().optional(),
});

type PlainSample = z.infer<typeof plainSample>;

const readingError = z.object({
  subject: z.string(),
  code: z.enum(collectErrorCodes),
  message: z.string(),
  retryAfterMs: z.number().optional(),
});

const finding = z.object({
  code: z.string(),
  severity: z.enum(['info', 'warning', 'critical']),
  subject: z.string(),
  message: z.string(),
  remedy: z.string(),
});

const cell = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);

const remembered = z.object({
  fingerprint: z.string(),
  triedAt: time,
  retryMs: z.number().nonnegative().optional(),
  lastSuccess: time.optional(),
  reading: z
    .object({
      state: z.enum(['ok', 'partial', 'failed']),
      at: time,
      durationMs: z.number().nonnegative(),
      errors: z.array(readingError),
      samples: z.array(plainSample),
      findings: z.array(finding),
      details: z.record(z.string(), z.array(z.record(z.string(), cell))),
      truncatedRows: z.number().nonnegative(),
    })
    .optional(),
});
