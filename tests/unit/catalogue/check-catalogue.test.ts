import { describe, expect, it } from 'vitest';
import { createCatalogue } from '../../../src/catalogue/catalogue.ts';
import { checkCatalogue } from '../../../src/catalogue/check-catalogue.ts';
import { agentSlices } from '../../../src/cli/agent-slices.ts';
import type { GroupDefinition } from '../../../src/core/engine.ts';
import type { MetricDefinition } from '../../../src/core/metric.ts';
import { agentMetrics, collectionMetrics } from '../../../src/telemetry/metrics.ts';
import { lamp, soundMetric } from './support.ts';

const messagesFor = (change: Partial<MetricDefinition>) => {
  const engine = lamp({ metrics: { light: { ...soundMetric, ...change } } });
  return checkCatalogue(createCatalogue([engine], [])).map(({ message }) => message);
};

describe('checkCatalogue', () => {
  it('finds nothing in a sound table', () => {
    expect(messagesFor({})).toEqual([]);
  });

  it("finds nothing in the agent's own tables", () => {
    const slices = [collectionMetrics, agentMetrics].map((metrics) => ({
      title: 'own',
      summary: '',
      metrics,
    }));

    expect(checkCatalogue(createCatalogue([], slices))).toEqual([]);
  });

  it.each<[Partial<MetricDefinition>, string]>([
    [{ name: 'lamp_seconds' }, 'name lamp_seconds must be reeve_ and lower-case words with _'],
    [{ name: 'reeve_lamp_Light_seconds' }, 'must be reeve_ and lower-case words'],
    [{ name: 'reeve_lamp_light' }, 'reeve_lamp_light is in seconds, so its name must end in _seconds'],
    [{ name: 'reeve_lamp_light_ms', unit: 'none' }, 'holds a unit that is not a base unit'],
    [{ name: 'reeve_lamp_light_percent', unit: 'ratio' }, 'holds a unit that is not a base unit'],
    [{ unit: 'none' }, 'claims the unit seconds but declares none'],
    [{ unit: 'bytes' }, 'is in bytes, so its name must end in _bytes'],
    [{ unit: 'timestamp' }, 'must end in _timestamp_seconds'],
    [{ kind: 'counter' }, 'counter reeve_lamp_light_seconds must end in _total'],
    [{ name: 'reeve_lamp_light_seconds_total' }, 'must not end in _total'],
    [{ name: 'reeve_lamp_light_count', unit: 'none' }, 'must not end in _count'],
    [{ name: 'reeve_lamp_light_sum', unit: 'none' }, 'must not end in _sum'],
    [{ name: 'reeve_lamp_light_info', unit: 'ratio' }, 'must be a gauge without unit'],
    [{ help: 'How long' }, 'help must end with a period'],
    [{ help: 'One. Two.' }, 'help must be one sentence'],
    [{ help: 'Is reeve_lamp_light_seconds.' }, 'help must not repeat the name'],
    [{ labels: { Room: 'The room.' } }, 'label Room must be snake_case'],
    [{ labels: { target: 'The target.' } }, 'label target is reserved'],
    [{ labels: { room: '' } }, 'label room must say what it holds'],
    [{ docs: 'http://example.com' }, 'docs must be an https link'],
    [{ source: '' }, 'source must not be empty'],
    [{ group: 'cold' }, 'group cold is not defined'],
    [{ otlp: 'Lamp.light' }, 'OTLP name Lamp.light must be lower-case words with dots'],
  ])('finds what is wrong with %j', (change, message) => {
    expect(messagesFor(change).join('\n')).toContain(message);
  });

  it('takes a counter of seconds and a value-1 info metric', () => {
    expect(messagesFor({ kind: 'counter', name: 'reeve_lamp_light_seconds_total' })).toEqual([]);
    expect(messagesFor({ name: 'reeve_lamp_info', unit: 'none' })).toEqual([]);
  });

  it('lets engines share a name that means the same, and finds one that does not', () => {
    const shared = { ...soundMetric, name: 'reeve_light_seconds' };
    const other = (change: Partial<MetricDefinition>) =>
      lamp({ id: 'torch', metrics: { light: { ...shared, ...change } } });
    const check = (change: Partial<MetricDefinition>) =>
      checkCatalogue(createCatalogue([lamp({ metrics: { light: shared } }), other(change)], []));

    expect(check({ source: 'elsewhere' })).toEqual([]);
    expect(check({ help: 'Something else.', labels: {} })).toEqual([
      {
        where: 'torch.light',
        message: 'reeve_light_seconds is shared with lamp.light but differs in help, labels',
      },
    ]);
  });

  it.each<[Partial<GroupDefinition>, readonly string[]]>([
    [{ apartDeadlineMs: 1_000 }, []],
    [{ paidEveryMs: 300_000 }, []],
    [{ apartDeadlineMs: 0 }, ['apartDeadlineMs must be above 0']],
    [{ apartDeadlineMs: 1_000, everyMs: 0 }, ['what is read apart needs everyMs above 0']],
    [{ paidEveryMs: 0 }, ['paidEveryMs must be above 0']],
    [{ paidEveryMs: 300_001 }, ['everyMs must be at least paidEveryMs']],
  ])('holds the cadences of a group against each other: %j', (heat, messages) => {
    const problems = checkCatalogue(createCatalogue([lamp({ heat })], []));

    expect(problems).toEqual(messages.map((message) => ({ where: 'lamp group heat', message })));
  });

  it('finds a gauge that OpenMetrics could not tell from a counter', () => {
    const counter = { ...soundMetric, kind: 'counter', name: `${soundMetric.name}_total` } as const;

    const problems = checkCatalogue(createCatalogue([lamp({ metrics: { a: soundMetric, b: counter } })], []));

    expect(problems).toContainEqual({
      where: 'lamp.b',
      message: 'reeve_lamp_light_seconds_total is one family in OpenMetrics with reeve_lamp_light_seconds',
    });
  });

  it('finds a name that is taken twice in one table, and one that belongs to another engine', () => {
    const engines = [
      lamp({ metrics: { a: soundMetric, b: soundMetric } }),
      lamp({ id: 'torch', metrics: { c: soundMetric } }),
    ];

    const messages = checkCatalogue(createCatalogue(engines, [])).map(({ message }) => message);

    expect(messages).toContain('name reeve_lamp_light_seconds is taken by lamp.a');
    expect(messages).toContain('name reeve_lamp_light_seconds belongs to engine lamp');
  });

  it('finds objectives that nothing measures, or in another unit', () => {
    const engine = lamp({
      objectives: [
        { objective: 'replication_lag_seconds', metric: 'light' },
        { objective: 'cache_hit_ratio', metric: 'light' },
        { objective: 'index_hit_ratio', metric: 'nothing' },
      ],
    });

    const problems = checkCatalogue(createCatalogue([engine], agentSlices));
    expect(problems).toEqual([
      { where: 'lamp objective cache_hit_ratio', message: 'is measured in ratio, metric light in seconds' },
      { where: 'lamp objective index_hit_ratio', message: 'metric nothing is not defined' },
    ]);
  });

  it('finds labels and second metrics of an objective that do not exist', () => {
    const engine = lamp({
      objectives: [
        { objective: 'restore_test_age_seconds', metric: 'light', statistic: 'age', subject: ['house'] },
        {
          objective: 'replication_lag_seconds',
          metric: 'light',
          where: { floor: '1' },
          page: [{ metric: 'heat' }, { metric: 'light', where: { wall: 'n' } }],
          withoutMinimum: 'shade',
        },
      ],
    });

    const problems = checkCatalogue(createCatalogue([engine], agentSlices));
    expect(problems.map(({ message }) => message)).toEqual([
      'reeve_lamp_light_seconds has no label house',
      'reeve_lamp_light_seconds has no label floor',
      'page ground heat is not defined',
      'reeve_lamp_light_seconds has no label wall',
      'withoutMinimum shade is not defined',
    ]);
  });

  it('takes an age of subjects that a metric in another unit names', () => {
    const bytes = { ...soundMetric, name: 'reeve_lamp_size_bytes', unit: 'bytes' } as const;
    const engine = lamp({
      metrics: { size: bytes },
      objectives: [{ objective: 'restore_test_age_seconds', metric: 'size', statistic: 'age' }],
    });

    const problems = checkCatalogue(createCatalogue([engine], agentSlices));
    expect(problems).toEqual([]);
  });
});
