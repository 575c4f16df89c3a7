import {
  DashboardLinkType,
  type DataTransformerConfig,
  type DynamicConfigValue,
  FieldColorModeId,
  type FieldConfig,
  type FieldConfigSource,
  MappingType,
  type Panel,
  type ValueMap,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import type { PlannedPanel, PlannedQuery, TableColumn, TableLayout, ValueText } from './plan.ts';
import { hasThresholds, thresholdsOf } from './thresholds.ts';
import { grafanaUnits, inGrafanaUnit } from './units.ts';
import { visuals } from './visuals.ts';

/** Every panel asks the source that the reader chose. */
export const datasource = { type: 'prometheus', uid: '$datasource' } as const;

type Override = FieldConfigSource['overrides'][number];

/** A panel without id and place. */
export function buildPanel(panel: PlannedPanel): Panel {
  const visual = visuals[panel.kind](panel).build();
  const { title, links } = panel;
  return {
    ...visual,
    title,
    description: describe(panel),
    datasource,
    targets: panel.queries.map((query, index) => buildQuery(panel, query, index).build()),
    fieldConfig: {
      defaults: {
        ...visual.fieldConfig?.defaults,
        ...fieldDefaults(panel),
      },
      overrides: [
        ...panel.queries.flatMap(boundOverride),
        ...Object.entries(panel.lineColours ?? {}).map(lineColourOverride),
        ...(panel.table?.columns ?? []).flatMap(columnOverride),
      ],
    },
    ...(panel.kind === 'table' ? { transformations: tableTransformations(panel) } : {}),
    ...(links === undefined ? {} : { links: links.map((link) => ({ ...plainLink, ...link })) }),
  };
}

function describe({ description, usuallyEmpty }: PlannedPanel): string {
  return usuallyEmpty === undefined ? description : `${description}\n\nUsually empty: ${usuallyEmpty}`;
}

/** A, B, C …; what a query is called inside its panel. */
function refId(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

function buildQuery(panel: PlannedPanel, query: PlannedQuery, index: number): DataqueryBuilder {
  const column = panel.table?.columns.find(({ from }) => from === index);
  const builder = new DataqueryBuilder()
    .datasource(datasource)
    .refId(refId(index))
    .expr(inGrafanaUnit(query.expr, column?.unit ?? panel.unit))
    .legendFormat(query.legend);
  if (panel.kind === 'timeseries' || panel.kind === 'state-timeline') return builder.range();
  if (panel.kind === 'table') return builder.instant().format(PromQueryFormat.Table);
  return builder.instant();
}

function fieldDefaults(panel: PlannedPanel): FieldConfig {
  const isColoured = hasThresholds(panel) && panel.kind !== 'timeseries';
  const limits = panel.unit === 'ratio' && (panel.kind === 'gauge' || panel.kind === 'bar-gauge');
  return {
    unit: grafanaUnits[panel.unit],
    ...(panel.unit === 'ratio' ? { decimals: 1 } : {}),
    ...(limits ? { min: 0, max: 1 } : {}),
    thresholds: thresholdsOf(panel),
    color: {
      mode:
        isColoured || panel.kind !== 'timeseries'
          ? FieldColorModeId.Thresholds
          : FieldColorModeId.PaletteClassic,
    },
    ...(panel.values === undefined ? {} : { mappings: [valueMap(panel.values)] }),
  };
}

function valueMap(values: readonly ValueText[]): ValueMap {
  return {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      values.map(({ value, text, colour }, index) => [String(value), { text, color: colour, index }]),
    ),
  };
}

/** A bound is a red dashed line that keeps out of the legend. */
function boundOverride({ isBound }: PlannedQuery, index: number): readonly Override[] {
  if (isBound !== true) return [];
  const properties: DynamicConfigValue[] = [
    { id: 'color', value: { mode: 'fixed', fixedColor: 'red' } },
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } },
    { id: 'custom.fillOpacity', value: 0 },
    { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } },
  ];
  return [{ matcher: { id: 'byFrameRefID', options: refId(index) }, properties }];
}

function lineColourOverride([name, fixedColor]: readonly [string, string]): Override {
  return {
    matcher: { id: 'byName', options: name },
    properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
  };
}

const plainLink = {
  type: DashboardLinkType.Link,
  icon: 'external link',
  tooltip: '',
  tags: [],
  asDropdown: false,
  targetBlank: true,
  includeVars: false,
  keepTime: false,
};

function columnOverride(column: TableColumn): readonly Override[] {
  const properties: DynamicConfigValue[] = [
    ...(column.unit === undefined ? [] : [{ id: 'unit', value: grafanaUnits[column.unit] }]),
    ...(column.widthPixels === undefined ? [] : [{ id: 'custom.width', value: column.widthPixels }]),
    ...(column.hidden === undefined ? [] : [{ id: 'custom.hidden', value: true }]),
    ...(column.link === undefined ? [] : [{ id: 'links', value: [column.link] }]),
    ...(column.values === undefined
      ? []
      : [
          { id: 'mappings', value: [valueMap(column.values)] },
          { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } },
        ]),
  ];
  return properties.length === 0 ? [] : [{ matcher: { id: 'byName', options: column.title }, properties }];
}

/** One row for each set of labels, over all queries; then names, order and what is left out. */
function tableTransformations({ title, queries, table }: PlannedPanel): DataTransformerConfig[] {
  const valueField = (index: number): string => (queries.length === 1 ? 'Value' : `Value #${refId(index)}`);
  const merge = { id: 'merge', options: {} };
  if (table !== undefined) return [merge, ...arrange(table, valueField)];
  const renames = queries.map(({ legend }, index) => [valueField(index), columnTitle(legend, title)]);
  return [
    merge,
    {
      id: 'organize',
      options: {
        excludeByName: Object.fromEntries(everywhere.map((name) => [name, true])),
        renameByName: Object.fromEntries(renames),
      },
    },
  ];
}

/** On every series, and the same or without interest in a table. */
const everywhere = ['Time', '__name__', 'job', 'instance', 'engine'];

function columnTitle(legend: string, title: string): string {
  const words = legend.replaceAll(/\{\{[^}]*\}\}/g, '').trim();
  return words === '' ? title : words;
}

/** The columns that were asked for, in their order and with their titles. */
function arrange({ columns }: TableLayout, valueField: (index: number) => string): DataTransformerConfig[] {
  const fields = columns.map(({ from, title }) => ({
    name: typeof from === 'number' ? valueField(from) : from,
    title,
  }));
  return [
    { id: 'filterFieldsByName', options: { include: { names: fields.map(({ name }) => name) } } },
    {
      id: 'organize',
      options: {
        indexByName: Object.fromEntries(fields.map(({ name }, index) => [name, index])),
        renameByName: Object.fromEntries(fields.map(({ name, title }) => [name, title])),
      },
    },
  ];
}
