import { z } from 'zod';
import type { DashboardPanel } from '../../tests/dashboards/support/dashboard-file.ts';
import { type Property, readField, show } from './fields.ts';
import type { QueryResult } from './query-result.ts';
import { type Box, colourOf, fitting, rectangle, text, theme } from './svg.ts';

/** A table panel: rows are merged by their labels, columns are chosen, named and ordered as its transformations say. */

const Transformation = z.looseObject({
  id: z.string(),
  options: z.looseObject({ renameByName: z.record(z.string(), z.string()).optional() }),
});

type Row = ReadonlyMap<string, string | number>;

interface Column {
  readonly field: string;
  readonly title: string;
  readonly properties: readonly Property[];
}

const lineHeight = 26;
/** In pixels; the largest in which the scorecard's states are whole. */
const size = 12;

export function drawTable(
  panel: DashboardPanel,
  results: readonly QueryResult[],
  box: Box,
  nowMs: number,
): string {
  const columns = columnsOf(panel).filter(
    ({ properties }) => !properties.some(({ id }) => id === 'custom.hidden'),
  );
  const rows = sorted(panel, mergeRows(results), columns);
  const widths = share(columns, box.width);
  const parts: string[] = [];
  let y = box.y + 17;
  columns.forEach(({ title }, index) => {
    parts.push(
      text(left(box, widths, index), y, fitting(title, widths[index] ?? 0, size), {
        fill: '#6e9fff',
        bold: true,
        size,
      }),
    );
  });
  for (const row of rows.slice(0, Math.floor(box.height / lineHeight) - 1)) {
    y += lineHeight;
    columns.forEach((column, index) => {
      const value = row.get(column.field);
      if (value === undefined) return;
      const x = left(box, widths, index);
      const width = widths[index] ?? 0;
      const field = readField(panel.fieldConfig?.defaults, column.properties);
      const shown =
        typeof value === 'string' ? { text: value, colour: undefined } : show(value, field, nowMs);
      const isFilled =
        column.properties.some(({ id }) => id === 'custom.cellOptions') && shown.colour !== undefined;
      if (isFilled)
        parts.push(
          rectangle({ x: x - 6, y: y - 16, width: width - 4, height: 22 }, colourOf(shown.colour ?? '')),
        );
      parts.push(
        text(x, y, fitting(shown.text, width - 8, size), { size, fill: isFilled ? '#ffffff' : theme.text }),
      );
    });
  }
  if (rows.length === 0)
    parts.push(
      text(box.x + box.width / 2, box.y + box.height / 2, 'No data', { anchor: 'middle', fill: theme.quiet }),
    );
  return parts.join('\n');
}

function columnsOf(panel: DashboardPanel): readonly Column[] {
  const transformations = z.array(Transformation).catch([]).parse(panel['transformations']);
  const names = transformations.find(({ id }) => id === 'organize')?.options.renameByName ?? {};
  return Object.entries(names).map(([field, title]) => ({
    field,
    title,
    properties: (panel.fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) =>
      matcher.id === 'byName' && matcher.options === title ? properties : [],
    ),
  }));
}

function mergeRows(results: readonly QueryResult[]): readonly Row[] {
  const rows = new Map<string, Map<string, string | number>>();
  for (const { refId, series } of results) {
    for (const { labels, values } of series) {
      const { url: _url, version: _version, role: _role, ...shared } = labels;
      const key = JSON.stringify(Object.entries(shared).toSorted(([a], [b]) => compare(a, b)));
      const row = rows.get(key) ?? new Map<string, string | number>();
      rows.set(key, row);
      for (const [label, value] of Object.entries(labels)) row.set(label, value);
      const latest = values.at(-1);
      if (latest !== undefined) row.set(results.length === 1 ? 'Value' : `Value #${refId}`, latest.value);
    }
  }
  return [...rows.values()];
}

const SortBy = z.looseObject({
  sortBy: z.array(z.looseObject({ displayName: z.string(), desc: z.boolean().default(false) })),
});

function sorted(panel: DashboardPanel, rows: readonly Row[], columns: readonly Column[]): readonly Row[] {
  const [order] = SortBy.catch({ sortBy: [] }).parse(panel.options).sortBy;
  const field = columns.find(({ title }) => title === order?.displayName)?.field;
  if (field === undefined || order === undefined) return rows;
  const direction = order.desc ? -1 : 1;
  return rows.toSorted((a, b) => direction * compare(a.get(field), b.get(field)));
}

function compare(a: string | number | undefined, b: string | number | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a ?? '').localeCompare(String(b ?? ''));
}

/** Columns without a width share what the others leave. */
function share(columns: readonly Column[], width: number): readonly number[] {
  const wanted = columns.map(({ properties }) =>
    z
      .number()
      .optional()
      .catch(undefined)
      .parse(properties.find(({ id }) => id === 'custom.width')?.value),
  );
  const fixed = wanted.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  const loose = (width - fixed) / Math.max(1, wanted.filter((one) => one === undefined).length);
  return wanted.map((one) => one ?? loose);
}

function left(box: Box, widths: readonly number[], index: number): number {
  return box.x + 8 + widths.slice(0, index).reduce((sum, one) => sum + one, 0);
}
