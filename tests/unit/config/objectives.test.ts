import { describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/load-config.ts';
import type { ObjectiveMeasure } from '../../../src/core/engine.ts';
import type { ObjectiveId } from '../../../src/core/objective.ts';
import { configPath, lampEngine } from './support.ts';

const measured: readonly ObjectiveMeasure[] = [
  { objective: 'replication_lag_seconds', metric: 'lag' },
  { objective: 'index_hit_ratio', metric: 'lag' },
  { objective: 'cache_hit_ratio', metric: 'lag' },
  { objective: 'request_unit_utilization_ratio', metric: 'lag' },
  { objective: 'storage_bytes_forecast', metric: 'lag', statistic: 'forecast' },
];

const parse = (text: string): Config =>
  parseConfig(text, {
    path: configPath,
    env: {},
    engines: new Map([['lamp', { ...lampEngine, objectives: measured }]]),
  });

const lamp = (id: string, more = '') => `  - { id: ${id}, engine: lamp, url: "lamp://h"${more} }\n`;

const objectiveOf = (config: Config, target: string, objective: ObjectiveId) =>
  config.targets
    .find((configured) => configured.target.id === target)
    ?.objectives.find(({ id }) => id === objective);

describe('the objectives of a target', () => {
  it('are those that its engine measures and its workload asks for, with their defaults', () => {
    const config = parse(`targets:\n${lamp('a')}${lamp('b', ', workload: cache')}`);

    expect(config.targets.map(({ objectives }) => objectives.map(({ id }) => id))).toEqual([
      [
        'index_hit_ratio',
        'replication_lag_seconds',
        'request_unit_utilization_ratio',
        'storage_bytes_forecast',
      ],
      [
        'index_hit_ratio',
        'cache_hit_ratio',
        'replication_lag_seconds',
        'request_unit_utilization_ratio',
        'storage_bytes_forecast',
      ],
    ]);
    expect(objectiveOf(config, 'a', 'index_hit_ratio')).toMatchObject({
      bound: { min: 0.95 },
      minimumBasis: 10_000,
      severity: 'ticket',
      measure: { metric: 'lag' },
    });
  });

  it('follow the rules that match, in the order of the file, and what the target says last', () => {
    const config = parse(`targets:
${lamp('a', ', labels: { environment: production }, objectives: { index_hit_ratio: { min: 0.99 } }')}\
${lamp('b', ', labels: { environment: production }')}\
${lamp('c')}\
objectives:
  - { match: { engine: lamp }, set: { index_hit_ratio: { min: 0.9, for: 1m, severity: page } } }
  - { match: { environment: production }, set: { index_hit_ratio: { min: 0.97 } } }
  - { match: { target: c }, set: { index_hit_ratio: { enabled: false } } }
`);

    expect(objectiveOf(config, 'a', 'index_hit_ratio')).toMatchObject({
      bound: { min: 0.99 },
      forMs: 60_000,
      severity: 'page',
    });
    expect(objectiveOf(config, 'b', 'index_hit_ratio')).toMatchObject({ bound: { min: 0.97 } });
    expect(objectiveOf(config, 'c', 'index_hit_ratio')).toBeUndefined();
  });

  it('take a budget, and for storage a day, a projection and the space there is', () => {
    const config = parse(
      `targets:\n${lamp(
        'a',
        ', objectives: { storage_bytes_forecast: { max: 1TiB, by: 2027-01-31, capacity: 2TiB, budget: 0.1 } }',
      )}`,
    );

    expect(objectiveOf(config, 'a', 'storage_bytes_forecast')).toMatchObject({
      bound: { max: 1024 ** 4 },
      by: '2027-01-31',
      capacityBytes: 2 * 1024 ** 4,
      budget: 0.1,
    });
  });

  it('are bounded for storage by the space there is alone', () => {
    const config = parse(
      `targets:\n${lamp('a', ', objectives: { storage_bytes_forecast: { capacity: 2TiB } }')}`,
    );

    expect(objectiveOf(config, 'a', 'storage_bytes_forecast')).toMatchObject({ bound: {} });
  });

  it('may get their bound from a rule that several targets only refine', () => {
    const config = parse(`targets:
${lamp('a', ', objectives: { storage_bytes_forecast: { severity: page } }')}\
objectives:
  - { match: {}, set: { storage_bytes_forecast: { max: 1TiB } } }
`);

    expect(objectiveOf(config, 'a', 'storage_bytes_forecast')).toMatchObject({ severity: 'page' });
  });

  it('are refused where a rule and the target contradict each other', () => {
    const load = () =>
      parse(`targets:
${lamp('a', ', objectives: { request_unit_utilization_ratio: { max: 0.8 } }')}\
objectives:
  - { match: {}, set: { request_unit_utilization_ratio: { min: 0.82 } } }
`);

    expect(load).toThrow(
      'targets[0].objectives.request_unit_utilization_ratio: min (0.82) is above max (0.8)',
    );
  });

  it('name a rule that contradicts the defaults once, not for every target', () => {
    const load = () =>
      parse(`targets:
${lamp('a')}${lamp('b')}${lamp('c')}\
objectives:
  - { match: {}, set: { request_unit_utilization_ratio: { min: 0.9 } } }
`);

    expect(load).toThrow(/^(?!.*on target b).*on target a/s);
  });
});

describe('a window', () => {
  it('reaches the collector, and a bound does not', () => {
    const fingerprintOf = (objectives: string) =>
      parse(`targets:\n${lamp('a', `, objectives: { ${objectives} }`)}`).targets[0]?.fingerprint;

    expect(fingerprintOf('index_hit_ratio: { min: 0.5, severity: page, for: 1s, budget: 0.5 }')).toBe(
      fingerprintOf(''),
    );
    expect(fingerprintOf('index_hit_ratio: { window: 10m }')).not.toBe(fingerprintOf(''));
  });

  it('of a rule holds as one of the target does', () => {
    const config = parse(`targets:
${lamp('a')}${lamp('b', ', objectives: { index_hit_ratio: { window: 30m } }')}\
objectives:
  - { match: {}, set: { index_hit_ratio: { window: 10m } } }
`);

    expect(config.targets.map(({ target }) => target.windowsMs)).toEqual([
      { index_hit_ratio: 600_000 },
      { index_hit_ratio: 1_800_000 },
    ]);
  });

  it('of a forecast stays with who judges it', () => {
    const config = parse(
      `targets:\n${lamp('a', ', objectives: { storage_bytes_forecast: { max: 1TiB, window: 60d } }')}`,
    );

    expect(config.targets[0]?.target.windowsMs).toEqual({});
    expect(objectiveOf(config, 'a', 'storage_bytes_forecast')).toMatchObject({ windowMs: 60 * 86_400_000 });
  });
});

describe('what has no effect', () => {
  it('is named: rules for nobody, objectives of another workload, objectives that nothing measures', () => {
    const config = parse(`targets:
${lamp('a', ', objectives: { cache_hit_ratio: { min: 0.5 }, olap_query_seconds: { max: 1s } }')}\
objectives:
  - { match: { team: nobody, target: a }, set: { index_hit_ratio: { min: 0.9 } } }
  - { match: {}, set: { cache_hit_ratio: { min: 0.9 }, index_hit_ratio: { min: 0.9 } } }
`);

    expect(config.inactive).toEqual([
      'objectives[0]: no target carries team=nobody, target=a',
      'objectives[1].set.cache_hit_ratio: applies to none of the targets that it matches',
      'objectives.olap_query_seconds of target a: nothing that Reeve reads from lamp measures it yet',
      'objectives.cache_hit_ratio of target a: is for workload cache, not oltp',
    ]);
  });

  it('is not said of what was switched off', () => {
    const config = parse(`targets:\n${lamp('a', ', objectives: { cache_hit_ratio: { enabled: false } }')}`);

    expect(config.inactive).toEqual([]);
  });
});

describe('the external address of the control listener', () => {
  it('loses the slash at its end', () => {
    const config = parse(
      `targets:\n${lamp('a')}control: { externalUrl: "https://reeve.example.com/reeve/" }\n`,
    );

    expect(config.control?.externalUrl).toBe('https://reeve.example.com/reeve');
  });
});
