import { z } from 'zod';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/load-config.ts';
import { defineEngine, type Engine } from '../../../src/core/engine.ts';
import { ConfigError, type ConfigProblem } from '../../../src/core/errors.ts';
import { defineMetrics } from '../../../src/core/metric.ts';

/** An engine with one option of every kind. */
export const lampEngine: Engine = defineEngine({
  id: 'lamp',
  title: 'Lamp',
  versions: '1',
  proof: 'Not at all.',
  otelSystem: 'lamp',
  defaultWorkload: 'oltp',
  metrics: defineMetrics({
    lag: {
      name: 'reeve_replication_lag_seconds',
      kind: 'gauge',
      unit: 'seconds',
      help: 'Lag.',
      labels: { replica: 'The replica.' },
      group: 'light',
      source: 'nothing',
      docs: 'https://example.com/',
      since: '1',
      cost: 'none',
      stability: 'stable',
    },
  }),
  groups: {
    light: { summary: 'Light.', everyMs: 0, needs: '' },
    bill: { summary: 'Bill.', everyMs: 900_000, paidEveryMs: 900_000, needs: '' },
  },
  objectives: [{ objective: 'replication_lag_seconds', metric: 'lag' }],
  grants: { summary: 'None.', statements: [] },
  starter: { protocols: ['lamp'] },
  options: (fields) =>
    z.strictObject({
      url: fields.secretUrl(['lamp']),
      key: fields.secret().optional(),
      socket: fields
        .secretText({
          parts: (text) => text.split(';'),
          problem: (text) => (text.includes(';') ? undefined : 'is no socket'),
        })
        .optional(),
      pause: fields.duration({ minMs: 100, maxMs: 60_000 }).default(2_000).describe('Time between flashes.'),
      bulb: fields.size({ maxBytes: 1024 ** 3 }).default(2 * 1024 ** 2),
      ca: fields.path().optional(),
      shade: z.strictObject({ colour: z.enum(['red', 'blue']).default('red') }).prefault({}),
    }),
  createCollector: () => Promise.reject(new Error('lamps are not collected')),
});

export const engines: ReadonlyMap<string, Engine> = new Map([['lamp', lampEngine]]);

export const configPath = '/etc/reeve/reeve.yaml';

export function parse(text: string, env: Readonly<Record<string, string>> = {}): Config {
  return parseConfig(text, { path: configPath, env, engines });
}

/** What is wrong with this text; empty when nothing is. */
export function problemsOf(
  text: string,
  env: Readonly<Record<string, string>> = {},
): readonly ConfigProblem[] {
  try {
    parse(text, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** One target with these lines added. */
export function withTarget(...lines: readonly string[]): string {
  return [
    'targets:',
    '  - id: desk',
    '    engine: lamp',
    '    url: lamp://host',
    ...lines.map((line) => `    ${line}`),
  ].join('\n');
}
