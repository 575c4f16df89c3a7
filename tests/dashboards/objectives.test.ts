import { describe, expect, it } from 'vitest';
import { panelUnits } from '../../dashboards/source/units.ts';
import { objectives } from '../../src/core/objective.ts';
import { wholeCatalogue } from './support/whole-catalogue.ts';

const { engines } = await wholeCatalogue();

/** What no panel of the engine draws a bound for, and why. */
const withoutPanel: Readonly<Record<string, string>> = {
  'mongodb olap_query_seconds':
    'the panel of operation latency draws the bound for OLTP; the metric is the same',
  'cosmosdb olap_query_seconds': 'the panel of latency draws the bound for OLTP; the metric is the same',
  'mongodb restore_test_age_seconds': 'its age is on the dashboard of remediation, beside the drills',
  'postgres restore_test_age_seconds': 'its age is on the dashboard of remediation, beside the drills',
  'redis restore_test_age_seconds': 'its age is on the dashboard of remediation, beside the drills',
};

describe('the dashboards of the engines', () => {
  for (const { id, dashboard, objectives: measures } of engines) {
    const panels = Object.values(dashboard ?? {}).flat();

    it(`${id}: a panel is in the unit of the objective whose bound it draws`, () => {
      const wrong = panels.filter(
        ({ objective, unit }) => objective !== undefined && panelUnits[objectives[objective].unit] !== unit,
      );

      expect(wrong.map(({ title }) => title)).toEqual([]);
    });

    it(`${id}: every objective that is measured has a panel with its bound`, () => {
      const drawn = new Set(panels.map(({ objective }) => objective));
      const missing = measures
        .filter(({ objective }) => !drawn.has(objective))
        .map(({ objective }) => `${id} ${objective}`);

      expect(missing.filter((name) => !Object.hasOwn(withoutPanel, name))).toEqual([]);
    });
  }
});
