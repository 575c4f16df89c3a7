import type { Collector, Engine } from '../core/engine.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { GroupReading } from '../core/snapshot.ts';
import type { Span } from '../telemetry/tracing.ts';
import { readGroup } from './group-context.ts';

export interface ReadingRequest {
  readonly collector: Collector;
  readonly engine: Engine;
  readonly group: string;
  /** When the collection, or the reading apart, began; its signal is aborted when it is to end. */
  readonly moment: { readonly now: number; readonly monotonicMs: number; readonly signal: AbortSignal };
  readonly clock: Clock;
  /** Ended when the reading ends. */
  readonly span: Span;
  /** Text of errors passes through this. */
  readonly redact: (text: string) => string;
}

/** Reads one group of a target. Never throws: a failed group is a reading that says why. */
export async function takeReading(request: ReadingRequest): Promise<GroupReading> {
  const { collector, engine, group, moment, clock, span, redact } = request;
  const { now, monotonicMs, signal } = moment;
  const raw = await readGroup({
    group,
    metrics: engine.metrics,
    now,
    monotonicMs,
    clock,
    signal,
    read: (context) => collector.read(group, context),
  });
  const errors = raw.errors.map((error) => ({ ...error, message: redact(error.message) }));
  for (const { code, message } of errors) span.fail(code, message);
  span.end();
  return { ...raw, errors };
}
