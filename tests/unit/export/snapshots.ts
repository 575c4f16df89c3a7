import type { MetricDefinition } from '../../../src/core/metric.ts';
import type { SnapshotChange, Snapshots } from '../../../src/core/ports/snapshots.ts';
import { createSample } from '../../../src/core/sample.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import type { ServerIdentity } from '../../../src/core/target.ts';

export function metric(definition: Partial<MetricDefinition> & { readonly name: string }): MetricDefinition {
  return {
    kind: 'gauge',
    unit: 'none',
    help: 'Something measured.',
    labels: {},
    group: 'basics',
    source: 'a view',
    docs: 'https://docs.example/',
    since: '1',
    cost: 'none',
    stability: 'stable',
    ...definition,
  };
}

export type SampleRow = readonly [metric: MetricDefinition, value: number, labels?: Record<string, string>];

export function snapshot(
  id: string,
  rows: readonly SampleRow[],
  more: {
    readonly engine?: string;
    readonly labels?: Record<string, string>;
    readonly at?: number;
    readonly server?: ServerIdentity;
  } = {},
): Snapshot {
  return {
    target: {
      id,
      engine: more.engine ?? 'postgres',
      intervalMs: 15_000,
      deadlineMs: 10_000,
      workload: undefined,
      labels: more.labels ?? {},
      windowsMs: {},
      unusedAfterMs: 0,
      groups: {},
      membersComplete: false,
      maxSeries: 1_000,
    },
    server: more.server ?? {},
    up: true,
    failure: undefined,
    at: more.at ?? Date.UTC(2026, 0, 1),
    readings: [],
    samples: rows.map(([definition, value, labels = {}]) => createSample(definition, value, labels)),
  };
}

/** A table of snapshots that the test fills. */
export class SnapshotTable implements Snapshots {
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #listeners = new Set<(change: SnapshotChange) => void>();

  latest(): readonly Snapshot[] {
    return [...this.#snapshots.values()];
  }

  subscribe(listener: (change: SnapshotChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(next: Snapshot): void {
    this.#snapshots.set(next.target.id, next);
    for (const listener of this.#listeners) listener({ target: next.target.id, snapshot: next });
  }

  remove(target: string): void {
    this.#snapshots.delete(target);
    for (const listener of this.#listeners) listener({ target, snapshot: undefined });
  }
}
