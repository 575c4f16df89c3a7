import type { MetricDefinition } from '../../src/core/metric.ts';
import type { Sample } from '../../src/core/sample.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import type { Target } from '../../src/core/target.ts';

/** 25 targets of 20 families with 200 objects each: 100,000 series, each with five labels. */
export const shape = { targets: 25, families: 20, objects: 200 } as const;
export const seriesCount = shape.targets * shape.families * shape.objects;

/** Label names of every family; `target` and `engine` come from the target. */
export const labelNames = ['database', 'schema', 'relation'] as const;

export const metrics: readonly MetricDefinition[] = Array.from({ length: shape.families }, (_, index) => ({
  name: `reeve_bench_family_${String(index).padStart(2, '0')}_bytes`,
  kind: 'gauge',
  unit: 'bytes',
  help: 'A number that stands for one that a collector would have read.',
  labels: { database: 'Database.', schema: 'Schema.', relation: 'Relation.' },
  group: 'bench',
  source: 'the benchmark',
  docs: 'https://prometheus.io/docs/instrumenting/exposition_formats/',
  since: 'any',
  cost: 'none',
  stability: 'stable',
}));

/** The labels of one object of a target, in the order of `labelNames`. */
export function labelsOf(target: number, object: number): readonly string[] {
  return [
    `tenant_${String(target).padStart(3, '0')}`,
    'public',
    `order_lines_${String(object).padStart(5, '0')}`,
  ];
}

export function targetId(target: number): string {
  return `orders-${String(target).padStart(3, '0')}`;
}

/** Changes with the round, so that no two pages are alike. */
export function valueOf(target: number, family: number, object: number, round: number): number {
  return 8_192 * (target * 7_919 + family * 104_729 + object * 31 + round * 1_013);
}

/** A snapshot of one target with its 4,000 samples. */
export function createSnapshot(target: number, round: number, now: number): Snapshot {
  const samples: Sample[] = [];
  for (const [family, metric] of metrics.entries()) {
    for (let object = 0; object < shape.objects; object += 1) {
      samples.push({
        metric,
        labels: labelsOf(target, object),
        value: valueOf(target, family, object, round),
      });
    }
  }
  return {
    target: createTarget(target),
    server: { version: '18.4' },
    up: true,
    failure: undefined,
    at: now,
    readings: [],
    samples,
  };
}

function createTarget(target: number): Target {
  return {
    id: targetId(target),
    engine: 'postgres',
    intervalMs: 15_000,
    deadlineMs: 10_000,
    workload: 'oltp',
    labels: {},
    windowsMs: {},
    unusedAfterMs: 1,
    groups: {},
    membersComplete: false,
    maxSeries: 1_000_000,
  };
}
