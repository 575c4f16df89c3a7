import {
  type AnnotationQuery,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { datasource } from './build-panel.ts';
import { layOut } from './layout.ts';
import type { DashboardPlan, PlannedAnnotation, PlannedVariable } from './plan.ts';
import { controlVariable, jobVariable } from './variables.ts';

const tag = 'reeve';

export function buildDashboard(plan: DashboardPlan): Dashboard {
  const shell = new DashboardBuilder(plan.title)
    .uid(plan.name)
    .description(plan.description)
    .tags([tag])
    .timezone('browser')
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-6h', to: 'now' })
    .refresh('1m')
    .build();
  return {
    ...shell,
    templating: {
      list: [datasourceVariable(), ...[jobVariable, controlVariable, ...plan.variables].map(buildVariable)],
    },
    annotations: { list: plan.annotations.map(buildAnnotation) },
    links: [
      new DashboardLinkBuilder('Reeve')
        .type(DashboardLinkType.Dashboards)
        .tags([tag])
        .tooltip('The other dashboards, with the same time and targets')
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true)
        .build(),
    ].map(withoutPlacement),
    panels: layOut(plan.rows),
  };
}

function datasourceVariable(): VariableModel {
  return withoutNoise(
    new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus').build(),
  );
}

function buildVariable({ name, title, description, query, choice }: PlannedVariable): VariableModel {
  const builder = new QueryVariableBuilder(name)
    .label(title)
    .description(description)
    .datasource(datasource)
    .query({ query, refId: `PrometheusVariableQueryEditor-${name}`, qryType: 1 })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
  if (choice === 'one') return withoutNoise(builder.hide(VariableHide.HideVariable).build());
  return withoutNoise(
    builder
      .multi(true)
      .includeAll(true)
      // A name is needed: without one the regular expression would list every value, and Prometheus' URLs have an end.
      .allValue('.+')
      .current({ selected: true, text: ['All'], value: ['$__all'] })
      .build(),
  );
}

/** The builder gives every variable the settings of an interval variable. */
function withoutNoise(variable: VariableModel): VariableModel {
  const { auto: _auto, auto_min: _minimum, auto_count: _count, ...rest } = variable;
  return rest;
}

/** The builder puts links and annotations into a menu, where nobody finds them. */
function withoutPlacement<T extends { readonly placement?: unknown }>({
  placement: _placement,
  ...rest
}: T): Omit<T, 'placement'> {
  return rest;
}

function buildAnnotation({ name, expr, text, colour, valueIsTime }: PlannedAnnotation): AnnotationQuery {
  return {
    name,
    datasource,
    enable: true,
    hide: false,
    iconColor: colour,
    expr,
    titleFormat: name,
    textFormat: text,
    useValueForTime: valueIsTime,
  };
}
