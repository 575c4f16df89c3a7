import { describe, expect, it } from 'vitest';
import { catalogueEntries } from '../../src/catalogue/catalogue.ts';
import { DashboardFile, readCommittedDashboards } from './support/dashboard-file.ts';
import { exclusions, isExcluded } from './support/exclusions.ts';
import { rules as linterRules } from './support/lint.ts';
import { ownRules } from './support/own-rules.ts';
import { wholeCatalogue } from './support/whole-catalogue.ts';

const metrics = new Map(catalogueEntries(await wholeCatalogue()).map(({ metric }) => [metric.name, metric]));
const rules = [...linterRules, ...ownRules(metrics)];
const committed = readCommittedDashboards().map(({ json }) => DashboardFile.parse(json));

describe('the committed dashboards', () => {
  it('are the overview, one for each engine, cost, remediation and the agent', () => {
    expect(committed.map(({ uid }) => uid)).toEqual([
      'reeve-agent',
      'reeve-bigquery',
      'reeve-cosmosdb',
      'reeve-cost',
      'reeve-mongodb',
      'reeve-overview',
      'reeve-postgres',
      'reeve-redis',
      'reeve-remediation',
    ]);
  });

  for (const dashboard of committed) {
    it(`${dashboard.uid} keeps every rule`, () => {
      const faults = rules
        .flatMap(({ name, check }) => check(dashboard).map((fault) => ({ name, fault })))
        .filter(({ name, fault }) => !isExcluded(name, dashboard.uid, fault));

      expect(faults).toEqual([]);
    });
  }

  it('give a reason for each rule that is left out, and leave out no rule that nobody has', () => {
    const names = rules.map(({ name }) => name);

    expect(exclusions.filter(({ rule, reason }) => !names.includes(rule) || reason === '')).toEqual([]);
  });
});

/** One fault for each rule, planted in a dashboard that has none. */
const planted: Readonly<Record<string, (json: string) => string>> = {
  'template-datasource-rule': (json) => json.replace('"name": "datasource"', '"name": "source"'),
  'template-job-rule': (json) => json.replace('"label": "Job"', '"label": "Scrape"'),
  'template-instance-rule': (json) => json.replace('"name": "instance"', '"name": "address"'),
  'template-label-promql-rule': (json) =>
    json.replaceAll('label_values(reeve_build_info, job)', 'query_result(up)'),
  'template-on-time-change-reload-rule': (json) => json.replace('"refresh": 2', '"refresh": 1'),
  'panel-datasource-rule': (json) =>
    json.replace(
      '"datasource": {\n        "type": "prometheus",\n        "uid": "$datasource"',
      '"datasource": {\n        "type": "prometheus",\n        "uid": "P1234"',
    ),
  'panel-title-description-rule': (json) =>
    json.replace(/"description": "Agents that[^"]*"/, '"description": ""'),
  'panel-units-rule': (json) => json.replace('"unit": "short"', '"unit": "pieces"'),
  'panel-no-targets-rule': (json) => withFirstPanel(json, (panel) => ({ ...panel, targets: [] })),
  'target-promql-rule': (json) => json.replace('"expr": "count(', '"expr": "count(('),
  'target-rate-interval-rule': (json) => json.replace('[$__rate_interval]', '[5m]'),
  'target-job-rule': (json) => json.replace('reeve_build_info{job=~\\"$job\\",', 'reeve_build_info{'),
  'target-instance-rule': (json) => json.replace(',instance=~\\"$instance\\"}', '}'),
  'target-counter-agg-rule': (json) =>
    json.replace(/rate\((\w+_total\{[^}]*\})\[\$__rate_interval\]\)/, '$1'),
  'uneditable-dashboard-rule': (json) => json,
  'own-ids': (json) => withFirstPanel(json, (panel) => ({ ...panel, id: 0 })),
  'own-grid': (json) => withFirstPanel(json, (panel) => ({ ...panel, gridPos: { h: 4, w: 25, x: 0, y: 0 } })),
  'own-fixed-window': (json) => json.replace('[$__rate_interval]', '[5m]'),
  'own-labels': (json) => json.replace('count by (version)', 'count by (release)'),
  'own-target-matcher': (json) => json.replace('"name": "instance"', '"name": "target"'),
  'own-counts-once': (json) => json.replace('max(reeve_snapshot_age', 'sum(reeve_snapshot_age'),
  'own-legend': (json) => json.replace(/"legendFormat": "\{\{target\}\}[^"]*"/, '"legendFormat": ""'),
  'own-link-to-others': (json) => json.replace('"type": "dashboards"', '"type": "link"'),
  'own-present-series': (json) =>
    json.replaceAll('label_values(reeve_build_info', 'label_values(reeve_postgres_up'),
};

describe('each rule', () => {
  const agent = readCommittedDashboards().find(({ file }) => file === 'reeve-agent.json')?.text ?? '';

  for (const { name, check } of rules) {
    it(`${name} finds the fault that is planted for it`, () => {
      const faulty = planted[name]?.(agent) ?? agent;

      expect(check(DashboardFile.parse(JSON.parse(faulty)))).not.toEqual([]);
    });
  }
});

function withFirstPanel(
  json: string,
  change: (panel: DashboardFile['panels'][number]) => DashboardFile['panels'][number],
): string {
  const dashboard = DashboardFile.parse(JSON.parse(json));
  const first = dashboard.panels.findIndex(({ type }) => type !== 'row');
  const panels = dashboard.panels.map((panel, index) => (index === first ? change(panel) : panel));
  return JSON.stringify({ ...dashboard, panels });
}
