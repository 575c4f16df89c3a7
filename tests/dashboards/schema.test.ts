import { describe, expect, it } from 'vitest';
import { readCommittedDashboards } from './support/dashboard-file.ts';
import { readSdkSchema } from './support/sdk-schema.ts';

const schema = readSdkSchema();
const committed = readCommittedDashboards();

describe('the committed dashboards and Grafana’s own types', () => {
  it('are compared with all of them', () => {
    expect(schema.size).toBeGreaterThan(160);
  });

  for (const { file, json } of committed) {
    it(`${file} is as Grafana wants it`, () => {
      expect(schema.faultsOf(json)).toEqual([]);
    });
  }

  const planted: readonly (readonly [string, RegExp, string])[] = [
    ['a version of the schema that is no number', /"schemaVersion": 42/, '"schemaVersion": "42"'],
    ['a key that nobody knows', /"editable": true/, '"editabel": true'],
    ['a tooltip that does not exist', /"graphTooltip": 1/, '"graphTooltip": 7'],
    ['a panel without a place', /"gridPos": \{\s+"h": 4,/, '"gridPos": {'],
    ['an option that the panel does not have', /"showLegend": true/, '"showLegends": true'],
    ['a way of drawing that does not exist', /"drawStyle": "line"/, '"drawStyle": "wave"'],
    ['a query without an expression', /"expr": /, '"query": '],
    ['a mapping of an unknown kind', /"type": "value"/g, '"type": "values"'],
  ];

  for (const [fault, found, replacement] of planted) {
    it(`find ${fault}`, () => {
      const text = committed.find(({ file }) => file === 'reeve-overview.json')?.text ?? '';
      const faulty: unknown = JSON.parse(text.replace(found, replacement));

      expect(text).toMatch(found);
      expect(schema.faultsOf(faulty)).not.toEqual([]);
    });
  }
});
