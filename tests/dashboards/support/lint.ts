import {
  type DashboardFile,
  type DashboardPanel,
  type DashboardTarget,
  queryPanels,
  variableQuery,
} from './dashboard-file.ts';
import { parseQuery } from './promql.ts';

/**
 * The rules of Grafana's dashboard-linter (https://github.com/grafana/dashboard-linter, docs/index.md), which is a Go program, and some of
 * our own. Each says what is wrong, one line a fault.
 */
export interface Rule {
  /** As the linter names it; `own-…` where it has none. */
  readonly name: string;
  readonly check: (dashboard: DashboardFile) => readonly string[];
}

type TargetCheck = (
  target: DashboardTarget,
  panel: DashboardPanel,
  dashboard: DashboardFile,
) => string | undefined;
type PanelCheck = (panel: DashboardPanel, dashboard: DashboardFile) => string | undefined;

const onTargets = (name: string, check: TargetCheck): Rule => ({
  name,
  check: (dashboard) =>
    queryPanels(dashboard).flatMap((panel) =>
      panel.targets.flatMap((target) => {
        const fault = check(target, panel, dashboard);
        return fault === undefined ? [] : [`${panel.title}: ${target.refId}: ${fault}`];
      }),
    ),
});

const onPanels = (name: string, check: PanelCheck): Rule => ({
  name,
  check: (dashboard) =>
    queryPanels(dashboard).flatMap((panel) => {
      const fault = check(panel, dashboard);
      return fault === undefined ? [] : [`${panel.title}: ${fault}`];
    }),
});

const onDashboard = (name: string, check: (dashboard: DashboardFile) => readonly string[]): Rule => ({
  name,
  check,
});

export const rules: readonly Rule[] = [
  onDashboard('template-datasource-rule', ({ templating }) => {
    const sources = templating.list.filter(({ type }) => type === 'datasource');
    const [first] = sources;
    if (first === undefined || sources.length > 1)
      return [`has ${sources.length} variables of a data source`];
    return [
      ...(first.name === 'datasource' ? [] : [`the data source is called ${first.name}`]),
      ...(first.label === 'Data source' ? [] : [`the data source is labelled ${first.label}`]),
      ...(first.query === 'prometheus' ? [] : ['the data source is not a Prometheus']),
    ];
  }),
  onDashboard('template-job-rule', (dashboard) => templateFaults(dashboard, 'job', 'Job')),
  onDashboard('template-instance-rule', (dashboard) => templateFaults(dashboard, 'instance', 'Instance')),
  onDashboard('template-label-promql-rule', ({ templating }) =>
    templating.list.flatMap((variable) => {
      const query = variableQuery(variable);
      if (variable.type !== 'query') return [];
      const [, series] = /^label_values\((.+), *\w+\)$/.exec(query) ?? [];
      return series === undefined || parseQuery(series).fault !== undefined
        ? [`${variable.name}: not label_values(series, label): ${query}`]
        : [];
    }),
  ),
  onDashboard('template-on-time-change-reload-rule', ({ templating }) =>
    templating.list
      .filter(({ type, refresh }) => type === 'query' && refresh !== 2)
      .map(({ name }) => `${name} is not read anew when the time changes`),
  ),
  onPanels('panel-datasource-rule', ({ datasource }) =>
    datasource?.uid === '$datasource' || datasource?.uid === '${datasource}'
      ? undefined
      : `asks ${datasource?.uid}, not $datasource`,
  ),
  onPanels('panel-title-description-rule', ({ title, description }) =>
    title === '' || description === '' ? 'has no title or no description' : undefined,
  ),
  onPanels('panel-units-rule', ({ fieldConfig }) => {
    const unit = fieldConfig?.defaults.unit;
    return unit !== undefined && units.has(unit) ? undefined : `the unit is ${unit}`;
  }),
  onPanels('panel-no-targets-rule', ({ targets }) => (targets.length === 0 ? 'asks nothing' : undefined)),
  onTargets('target-promql-rule', ({ expr }) => parseQuery(expr).fault),
  onTargets('target-rate-interval-rule', ({ expr }) => {
    const fixed = parseQuery(expr).selectors.find(
      ({ call, range }) => rates.has(call) && range !== '$__rate_interval',
    );
    return fixed === undefined ? undefined : `${fixed.call} over ${fixed.range}`;
  }),
  onTargets('target-job-rule', ({ expr }) => withoutMatcher(expr, 'job')),
  onTargets('target-instance-rule', ({ expr }) => withoutMatcher(expr, 'instance')),
  onTargets('target-counter-agg-rule', ({ expr }) => {
    const bare = parseQuery(expr).selectors.find(
      ({ metric, call, range }) => metric.endsWith('_total') && (range === undefined || !rates.has(call)),
    );
    return bare === undefined
      ? undefined
      : `${bare.metric} is a counter and stands outside rate and increase`;
  }),
  onDashboard('uneditable-dashboard-rule', ({ editable }) => (editable ? ['can be edited'] : [])),
];

const rates = new Set(['rate', 'irate', 'increase']);

/** Of Grafana's value formats those that Reeve's units need. */
const units = new Set([
  's',
  'bytes',
  'binBps',
  'cps',
  'percentunit',
  'currencyUSD',
  'dateTimeFromNow',
  'short',
  'bool_yes_no',
]);

function templateFaults({ templating }: DashboardFile, name: string, label: string): readonly string[] {
  const variable = templating.list.find((one) => one.name === name);
  if (variable === undefined) return [`there is no variable ${name}`];
  return [
    ...(variable.type === 'query' ? [] : [`${name} is no query`]),
    ...(variable.label === label ? [] : [`${name} is labelled ${variable.label}`]),
    ...(variable.datasource?.uid === '$datasource' ? [] : [`${name} does not ask $datasource`]),
    ...(variable.multi === true ? [] : [`${name} takes one value only`]),
    ...(variable.allValue === '.+' ? [] : [`All of ${name} is ${variable.allValue}, not .+`]),
  ];
}

function withoutMatcher(expr: string, label: string): string | undefined {
  const missing = parseQuery(expr).selectors.find(
    ({ matchers }) =>
      !matchers.some((one) => one.label === label && one.operator === '=~' && one.value === `$${label}`),
  );
  return missing === undefined ? undefined : `${missing.metric} without ${label}=~"$${label}"`;
}
