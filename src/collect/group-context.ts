import type { GroupContext, GroupReader } from '../core/engine.ts';
import { toCollectError } from '../core/errors.ts';
import type { MetricTable } from '../core/metric.ts';
import type { Clock } from '../core/ports/clock.ts';
import { createSampleBuffer, type Sample } from '../core/sample.ts';
import type { DetailRow, Finding, GroupReading, ReadingError } from '../core/snapshot.ts';

/** What a group, or one subject of it, has read so far. */
interface Draft {
  readonly samples: Sample[];
  readonly findings: Finding[];
  readonly details: Map<string, DetailRow[]>;
  readonly errors: ReadingError[];
  attempted: number;
  truncatedRows: number;
}

export interface GroupRequest<M extends MetricTable> {
  readonly group: string;
  readonly metrics: M;
  /** When the collection began, Unix time in milliseconds. */
  readonly now: number;
  /** When the collection began, in milliseconds that only grow. */
  readonly monotonicMs: number;
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly signal: AbortSignal;
  readonly read: GroupReader<M>;
}

/** Reads one group to its end and keeps what came of it. Never throws: a failed group is a reading that says why. */
export async function readGroup<M extends MetricTable>(request: GroupRequest<M>): Promise<GroupReading> {
  const startedMs = request.clock.monotonicMs();
  const draft = createDraft();
  let failure: ReadingError | undefined;
  try {
    request.signal.throwIfAborted();
    await request.read(createContext(request, draft));
  } catch (thrown) {
    failure = readingError('', thrown, request.signal);
  }
  const nothingRead = draft.samples.length === 0 && draft.attempted > 0;
  const failed = failure !== undefined || (nothingRead && draft.errors.length >= draft.attempted);
  const kept = failed ? createDraft() : draft;
  return {
    group: request.group,
    state: failed ? 'failed' : draft.errors.length > 0 ? 'partial' : 'ok',
    at: request.clock.now(),
    durationMs: request.clock.monotonicMs() - startedMs,
    errors: failure === undefined ? compact(draft.errors) : [...draft.errors, failure],
    samples: compact(kept.samples),
    findings: compact(kept.findings),
    details: Object.fromEntries(kept.details),
    truncatedRows: kept.truncatedRows,
  };
}

const nothing: readonly never[] = [];

/** Without the room that a list keeps for more: readings are held until the next, a thousand targets times. */
function compact<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? nothing : list.slice();
}

function createDraft(): Draft {
  return { samples: [], findings: [], details: new Map(), errors: [], attempted: 0, truncatedRows: 0 };
}

function createContext<M extends MetricTable>(request: GroupRequest<M>, draft: Draft): GroupContext<M> {
  const buffer = createSampleBuffer(request.metrics, draft.samples);
  return {
    signal: request.signal,
    now: request.now,
    monotonicMs: request.monotonicMs,
    record: (metric, value, labels, basis) => buffer.record(metric, value, labels, basis),
    find: (finding) => void draft.findings.push(finding),
    detail: (kind, rows) => addDetail(draft, kind, rows),
    truncate: (rows) => {
      draft.truncatedRows += Math.max(0, rows);
    },
    attempt: async (subject, read) => {
      draft.attempted += 1;
      const inner = createDraft();
      try {
        await read(createContext(request, inner));
      } catch (thrown) {
        draft.errors.push(readingError(subject, thrown, request.signal));
        return;
      }
      merge(draft, inner);
    },
  };
}

/** Loops, because a list of a hundred thousand is too long to be spread into arguments. */
function merge(into: Draft, from: Draft): void {
  for (const sample of from.samples) into.samples.push(sample);
  for (const finding of from.findings) into.findings.push(finding);
  for (const error of from.errors) into.errors.push(error);
  for (const [kind, rows] of from.details) addDetail(into, kind, rows);
  into.truncatedRows += from.truncatedRows;
}

function addDetail(draft: Draft, kind: string, rows: readonly DetailRow[]): void {
  draft.details.set(kind, [...(draft.details.get(kind) ?? []), ...rows]);
}

/** A reading that holds nothing but why; `at` is Unix time in milliseconds. */
export function failedReading(
  group: string,
  at: number,
  durationMs: number,
  error: ReadingError,
): GroupReading {
  return {
    group,
    state: 'failed',
    at,
    durationMs,
    errors: [error],
    samples: nothing,
    findings: nothing,
    details: {},
    truncatedRows: 0,
  };
}

/** What is said of a group that neither ended at its deadline nor heeded its signal. */
export function leftBehindReading(
  group: string,
  clock: Pick<Clock, 'now' | 'monotonicMs'>,
  startedMs: number,
): GroupReading {
  const message =
    'the reading did not end at its deadline and was left behind; it is not begun again until it ends';
  const error = { subject: '', code: 'timeout', message } as const;
  return failedReading(group, clock.now(), clock.monotonicMs() - startedMs, error);
}

/** A deadline that passed is a timeout, whatever the driver made of the abort. */
export function readingError(subject: string, thrown: unknown, signal: AbortSignal): ReadingError {
  const error = toCollectError(thrown);
  const code = signal.aborted && error.code === 'internal' ? 'timeout' : error.code;
  const { message, retryAfterMs } = error;
  return { subject, code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
