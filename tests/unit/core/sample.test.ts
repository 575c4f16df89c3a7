import { describe, expect, it } from 'vitest';
import { defineMetrics } from '../../../src/core/metric.ts';
import { createSample, createSampleBuffer } from '../../../src/core/sample.ts';

const metrics = defineMetrics({
  tableBytes: {
    name: 'reeve_example_table_bytes',
    kind: 'gauge',
    unit: 'bytes',
    help: 'Size of a table.',
    labels: { schema: 'The schema.', table: 'The table.' },
    group: 'sizes',
    source: 'pg_class.relpages',
    docs: 'https://www.postgresql.org/docs/current/catalog-pg-class.html',
    since: '13',
    cost: 'one query',
    stability: 'stable',
  },
});

describe('createSampleBuffer', () => {
  it('keeps labels in the order in which the metric declares them', () => {
    const buffer = createSampleBuffer(metrics);

    buffer.record('tableBytes', 8_192, { table: 'orders', schema: 'public' });

    expect(buffer.samples).toEqual([
      { metric: metrics.tableBytes, labels: ['public', 'orders'], value: 8_192 },
    ]);
  });

  it('shares the labels of a sample with the next one that has the same', () => {
    const buffer = createSampleBuffer(metrics);

    buffer.record('tableBytes', 1, { schema: 'public', table: 'orders' });
    buffer.record('tableBytes', 2, { schema: 'public', table: 'orders' });
    buffer.record('tableBytes', 3, { schema: 'public', table: 'carts' });

    const [first, second, third] = buffer.samples;
    expect(second?.labels).toBe(first?.labels);
    expect(third?.labels).toEqual(['public', 'carts']);
  });

  it('keeps how many observations stand behind a value', () => {
    const buffer = createSampleBuffer(metrics);

    buffer.record('tableBytes', 1, { schema: 's', table: 't' }, 40);

    expect(buffer.samples[0]?.basis).toBe(40);
  });

  it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY])(
    'records nothing for %s: missing is not zero',
    (value) => {
      const buffer = createSampleBuffer(metrics);

      buffer.record('tableBytes', value, { schema: 's', table: 't' });

      expect(buffer.samples).toEqual([]);
    },
  );

  it('records nothing for a metric that the table does not have', () => {
    const buffer = createSampleBuffer<Record<string, (typeof metrics)['tableBytes']>>(metrics);

    buffer.record('unheardOf', 1, { schema: 's', table: 't' });

    expect(buffer.samples).toEqual([]);
  });
});

describe('createSample', () => {
  it('ignores labels that are not declared and leaves missing ones empty', () => {
    expect(createSample(metrics.tableBytes, 1, { table: 't', colour: 'red' }).labels).toEqual(['', 't']);
  });
});
