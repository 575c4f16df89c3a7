import type { Sample } from '../core/sample.ts';
import type { Snapshot } from '../core/snapshot.ts';

/**
 * Since when each counter counts: OTLP wants it with every point. A source does not say when it restarted, so the time is that of the
 * first observation, and after a fall that of the last one before it.
 */
export interface CounterStarts {
  /** To be called with every snapshot: a fall between two pushes would be missed otherwise. */
  observe(snapshot: Snapshot): void;
  forget(target: string): void;
  /** Unix time in milliseconds. */
  startOf(snapshot: Snapshot, sample: Sample): number;
}

interface Observation {
  readonly value: number;
  readonly at: number;
  readonly startedAt: number;
}

export function createCounterStarts(): CounterStarts {
  const targets = new Map<string, ReadonlyMap<string, Observation>>();
  return {
    observe(snapshot) {
      const before = targets.get(snapshot.target.id);
      const now = new Map<string, Observation>();
      for (const sample of snapshot.samples) {
        if (sample.metric.kind !== 'counter') continue;
        const key = seriesKey(sample);
        now.set(key, follow(before?.get(key), sample.value, snapshot.at));
      }
      targets.set(snapshot.target.id, now);
    },
    forget: (target) => targets.delete(target),
    startOf: (snapshot, sample) =>
      targets.get(snapshot.target.id)?.get(seriesKey(sample))?.startedAt ?? snapshot.at,
  };
}

function follow(before: Observation | undefined, value: number, at: number): Observation {
  if (before === undefined) return { value, at, startedAt: at };
  return { value, at, startedAt: value < before.value ? before.at : before.startedAt };
}

function seriesKey({ metric, labels }: Sample): string {
  return [metric.name, ...labels].join('\0');
}
