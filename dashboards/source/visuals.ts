import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TableFooterOptionsBuilder,
  TableSortByFieldStateBuilder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as GaugeBuilder } from '@grafana/grafana-foundation-sdk/gauge';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { PanelKind } from '../../src/core/dashboard.ts';
import type { PlannedPanel } from './plan.ts';
import { hasThresholds } from './thresholds.ts';

/** How each kind of panel looks, without title, queries and unit. */
export const visuals: Readonly<Record<PanelKind, (panel: PlannedPanel) => Builder<Panel>>> = {
  timeseries,
  stat,
  gauge,
  'bar-gauge': barGauge,
  table,
  'state-timeline': stateTimeline,
};

/** In grid units of 30 pixels. */
export const usualHeights: Readonly<Record<PanelKind, number>> = {
  timeseries: 8,
  stat: 4,
  gauge: 6,
  'bar-gauge': 8,
  table: 8,
  'state-timeline': 8,
};

/** From this width on there is space for the latest and the highest value beside the name. */
const wide = 12;

function timeseries(panel: PlannedPanel): Builder<Panel> {
  const style = hasThresholds(panel) ? GraphThresholdsStyleMode.Line : GraphThresholdsStyleMode.Off;
  const builder = new TimeseriesBuilder()
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Auto)
    // A gap is a gap: missing is not zero, and not the value before.
    .spanNulls(false)
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(style))
    .legend(legend(panel))
    .tooltip(tooltip());
  return panel.unit === 'ratio' ? builder : builder.axisSoftMin(0);
}

function stat(panel: PlannedPanel): Builder<Panel> {
  return new StatBuilder()
    .colorMode(hasThresholds(panel) ? BigValueColorMode.Background : BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .textMode(namesSeries(panel) ? BigValueTextMode.ValueAndName : BigValueTextMode.Value)
    .reduceOptions(latest());
}

function gauge(): Builder<Panel> {
  return new GaugeBuilder().showThresholdMarkers(true).reduceOptions(latest());
}

function barGauge(): Builder<Panel> {
  return new BarGaugeBuilder()
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(latest());
}

function table({ table: layout }: PlannedPanel): Builder<Panel> {
  const builder = new TableBuilder().filterable(true).footer(new TableFooterOptionsBuilder().show(false));
  if (layout === undefined) return builder;
  const { column, descending } = layout.sort;
  return builder.sortBy([new TableSortByFieldStateBuilder().displayName(column).desc(descending)]);
}

function stateTimeline(panel: PlannedPanel): Builder<Panel> {
  return new StateTimelineBuilder()
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .legend(legend(panel))
    .tooltip(tooltip());
}

function legend({ width }: PlannedPanel): VizLegendOptionsBuilder {
  const builder = new VizLegendOptionsBuilder().showLegend(true).placement(LegendPlacement.Bottom);
  return width < wide
    ? builder.displayMode(LegendDisplayMode.List)
    : builder.displayMode(LegendDisplayMode.Table).calcs(['lastNotNull', 'max']);
}

function tooltip(): VizTooltipOptionsBuilder {
  return new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
}

function latest(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']);
}

function namesSeries({ queries }: PlannedPanel): boolean {
  return queries.length > 1 || queries.some(({ legend: text }) => text.includes('{{'));
}
