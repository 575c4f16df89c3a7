import { z } from 'zod';
import type { DashboardFile, DashboardPanel } from '../../tests/dashboards/support/dashboard-file.ts';
import { readField, show } from './fields.ts';
import { nameOf, type QueryResult, type ResultSeries, type TimeRange } from './query-result.ts';
import { type Box, colourOf, fitting, polyline, rectangle, text, theme } from './svg.ts';
import { drawTable } from './table.ts';

const page = { column: 60, unit: 30, gap: 4, margin: 16, head: 64 } as const;

export interface PictureInput {
  readonly dashboard: DashboardFile;
  readonly results: ReadonlyMap<number, readonly QueryResult[]>;
  readonly range: TimeRange;
  readonly caption: string;
}

type Draw = (panel: DashboardPanel, results: readonly QueryResult[], box: Box, range: TimeRange) => string;

const kinds: Readonly<Record<string, Draw>> = {
  stat: drawStat,
  table: (panel, results, box, { toSeconds }) => drawTable(panel, results, box, toSeconds * 1_000),
  timeseries: drawLines,
  'state-timeline': drawStates,
};

/** The dashboard as an SVG: its own grid, titles, queries, units and colours, drawn by us. */
export function drawDashboard({ dashboard, results, range, caption }: PictureInput): string {
  const bottom = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h));
  const width = 24 * page.column + 2 * page.margin;
  const height = page.head + bottom * page.unit + page.margin;
  const panels = dashboard.panels.map((panel) => drawPanel(panel, results.get(panel.id) ?? [], range));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${dashboard.title}. ${caption}</title>
${rectangle({ x: 0, y: 0, width, height }, theme.page, 'rx="8"')}
<g font-family="Inter,'Helvetica Neue',Arial,sans-serif">
${text(page.margin, 28, dashboard.title, { size: 18, bold: true })}
${text(page.margin, 50, caption, { fill: theme.quiet, size: 14.5 })}
${panels.join('\n')}
</g>
</svg>
`;
}

function drawPanel(panel: DashboardPanel, results: readonly QueryResult[], range: TimeRange): string {
  const { x, y, w, h } = panel.gridPos;
  const box = {
    x: page.margin + x * page.column,
    y: page.head + y * page.unit,
    width: w * page.column - page.gap,
    height: h * page.unit - page.gap,
  };
  if (panel.type === 'row') return text(box.x, box.y + 20, `▾ ${panel.title}`, { size: 15, bold: true });
  const inner = { x: box.x + 8, y: box.y + 30, width: box.width - 16, height: box.height - 38 };
  return [
    rectangle(box, theme.panel, `rx="3" stroke="${theme.border}"`),
    kinds[panel.type]?.(panel, results, inner, range) ?? '',
    text(box.x + 10, box.y + 20, panel.title, { size: 15, bold: true, fill: '#ffffff' }),
  ].join('\n');
}

function drawStat(
  panel: DashboardPanel,
  results: readonly QueryResult[],
  box: Box,
  { toSeconds }: TimeRange,
): string {
  const latest = results[0]?.series[0]?.values.at(-1);
  const field = readField(panel.fieldConfig?.defaults);
  const { text: words, colour } =
    latest === undefined
      ? { text: 'No data', colour: undefined }
      : show(latest.value, field, toSeconds * 1_000);
  const middle = box.x + box.width / 2;
  const fill = colour === undefined ? theme.panel : colourOf(colour);
  return [
    rectangle(
      { x: box.x - 8, y: box.y - 30, width: box.width + 16, height: box.height + 38 },
      fill,
      'rx="3"',
    ),
    text(middle, box.y + box.height / 2 + 18, words, {
      size: 40,
      bold: true,
      anchor: 'middle',
      fill: '#ffffff',
    }),
  ].join('\n');
}

function drawLines(
  panel: DashboardPanel,
  results: readonly QueryResult[],
  box: Box,
  range: TimeRange,
): string {
  const lines = named(results);
  const top = Math.max(1, ...lines.flatMap(({ series }) => series.values.map(({ value }) => value)));
  const plot = {
    x: box.x + 34,
    y: box.y,
    width: box.width - 40,
    height: box.height - 24 * Math.ceil(lines.length / 6) - 4,
  };
  const x = timeScale(plot, range);
  const y = (value: number): number => plot.y + plot.height - (value / top) * plot.height;
  const grid = [0, 0.5, 1].map((part) => {
    const at = y(top * part);
    const label = show(Math.round(top * part), readField(panel.fieldConfig?.defaults), 0).text;
    return `${polyline(
      [
        [plot.x, at],
        [plot.x + plot.width, at],
      ],
      theme.border,
    )}${text(plot.x - 6, at + 4, label, { size: 10, anchor: 'end', fill: theme.quiet })}`;
  });
  const drawn = lines.map(({ name, series }, index) =>
    polyline(
      series.values.map(({ at, value }) => [x(at), y(value)] as const),
      lineColour(panel, name, index),
    ),
  );
  return [...grid, ...drawn, legend(panel, lines, { ...box, y: plot.y + plot.height + 20 })].join('\n');
}

function drawStates(
  panel: DashboardPanel,
  results: readonly QueryResult[],
  box: Box,
  range: TimeRange,
): string {
  const lines = named(results);
  if (lines.length === 0)
    return text(box.x + box.width / 2, box.y + box.height / 2, 'No data', {
      anchor: 'middle',
      fill: theme.quiet,
    });
  const field = readField(panel.fieldConfig?.defaults);
  const names = 360;
  const plot = { x: box.x + names, y: box.y, width: box.width - names, height: box.height };
  const x = timeScale(plot, range);
  const height = Math.min(28, plot.height / lines.length);
  return lines
    .map(({ name, series }, index) => {
      const y = plot.y + index * height;
      const spans = series.values.map(({ at, value }) => {
        const { colour = 'text' } = show(value, field, 0);
        return rectangle(
          { x: x(at), y: y + 2, width: x(at + 2) - x(at) + 0.5, height: height - 6 },
          colourOf(colour),
        );
      });
      return [
        text(plot.x - 8, y + height / 2 + 3, fitting(name, names - 16, 13), { anchor: 'end', size: 13 }),
        ...spans,
      ].join('\n');
    })
    .join('\n');
}

interface NamedSeries {
  readonly name: string;
  readonly series: ResultSeries;
}

function named(results: readonly QueryResult[]): readonly NamedSeries[] {
  return results.flatMap(({ legend: pattern, series }) =>
    series.map((one) => ({ name: nameOf(pattern, one.labels), series: one })),
  );
}

function timeScale({ x, width }: Box, { fromSeconds, toSeconds }: TimeRange): (at: number) => number {
  return (at) => x + (Math.min(at, toSeconds) - fromSeconds) * (width / (toSeconds - fromSeconds));
}

function legend(panel: DashboardPanel, lines: readonly NamedSeries[], box: Box): string {
  return lines
    .slice(0, 6)
    .map(({ name }, index) => {
      const x = box.x + 34 + index * 110;
      return `${rectangle({ x, y: box.y - 8, width: 14, height: 4 }, lineColour(panel, name, index))}${text(x + 20, box.y, name, { size: 13 })}`;
    })
    .join('\n');
}

/** The panel's own colour of that name, else the next of the palette. */
function lineColour({ fieldConfig }: DashboardPanel, name: string, index: number): string {
  const own = fieldConfig?.overrides.find(
    ({ matcher }) => matcher.id === 'byName' && matcher.options === name,
  );
  const colour = FixedColour.safeParse(own?.properties.find(({ id }) => id === 'color')?.value).data;
  return colour === undefined
    ? (theme.lines[index % theme.lines.length] ?? theme.text)
    : colourOf(colour.fixedColor);
}

const FixedColour = z.looseObject({ fixedColor: z.string() });
