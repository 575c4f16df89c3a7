import { z } from 'zod';
import type { AlertRule } from '../../../src/core/alert-rule.ts';
import type { GroupDefinition, ObjectiveMeasure } from '../../../src/core/engine.ts';
import { defineEngine, type Engine } from '../../../src/core/engine.ts';
import type { MetricDefinition } from '../../../src/core/metric.ts';

export const soundMetric: MetricDefinition = {
  name: 'reeve_lamp_light_seconds',
  kind: 'gauge',
  unit: 'seconds',
  help: 'How long the light is on.',
  labels: { room: 'The room.' },
  group: 'light',
  source: 'SELECT a|b',
  docs: 'https://example.com/light',
  since: '1.0',
  cost: 'none',
  stability: 'stable',
};

export interface LampParts {
  readonly id?: string;
  readonly metrics?: Readonly<Record<string, MetricDefinition>>;
  readonly objectives?: readonly ObjectiveMeasure[];
  /** What is different of the group `heat`. */
  readonly heat?: Partial<GroupDefinition>;
  readonly alerts?: readonly AlertRule[];
}

/** An alert without fault, as far as the change leaves it so. */
export function lampAlert(change: Partial<AlertRule> = {}): AlertRule {
  const series = '$light{target="hall",engine="lamp",room="hall"}';
  return {
    name: 'ReeveLampOnForLong',
    severity: 'ticket',
    expr: '$light > 3600',
    for: '5m',
    summary: 'The light in {{ $labels.room }} of {{ $labels.target }} is on',
    description: 'The bulb wears out.',
    command: 'lampctl status',
    runbook: {
      meaning: 'It is on.',
      steps: ['Look at it.'],
      afterwards: 'It is off.',
      links: ['https://example.com/'],
    },
    tests: {
      fires: { series: [{ series, values: '4000x10' }], after: '10m' },
      quiet: { series: [{ series, values: '3000x10' }], after: '10m' },
    },
    ...change,
  };
}

export function lamp({
  id = 'lamp',
  metrics = { light: soundMetric },
  objectives = [],
  heat = {},
  alerts = [],
}: LampParts = {}): Engine {
  return defineEngine({
    id,
    title: 'Lamp',
    versions: '1 to 3',
    proof: 'The tests run a real lamp.',
    otelSystem: 'lamp',
    defaultWorkload: undefined,
    metrics,
    groups: {
      light: { summary: 'Reads the light.', everyMs: 0, needs: '' },
      heat: { summary: 'Reads the heat.', everyMs: 300_000, needs: 'THERMOMETER', ...heat },
    },
    objectives,
    alerts,
    grants: { summary: 'Reads only.', statements: ['GRANT LIGHT TO reeve'] },
    starter: { protocols: ['lamp'] },
    options: () => z.strictObject({}),
    createCollector: () => Promise.reject(new Error('lamps are not collected')),
  });
}
