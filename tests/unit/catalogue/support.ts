import { z } from 'zod';
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
}

export function lamp({
  id = 'lamp',
  metrics = { light: soundMetric },
  objectives = [],
  heat = {},
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
    grants: { summary: 'Reads only.', statements: ['GRANT LIGHT TO reeve'] },
    starter: { protocols: ['lamp'] },
    options: () => z.strictObject({}),
    createCollector: () => Promise.reject(new Error('lamps are not collected')),
  });
}
