import { type Aim, aimAtLeast, aimBelow, type Report, round, type Table } from '../report.ts';
import type { Accuracy } from './accuracy.ts';
import type { GrowthAccuracy } from './growth-accuracy.ts';
import type { MonthAccuracy } from './month-accuracy.ts';

export interface GrowthRow extends GrowthAccuracy {
  readonly kind: string;
  readonly history: number;
  readonly ahead: number;
}

export interface MonthRow extends MonthAccuracy {
  readonly way: string;
  readonly historyDays: number;
  readonly gone: number;
}

export interface ForecastFigures {
  /** Made-up series of each kind. */
  readonly series: number;
  /** Made-up months of each way to spend. */
  readonly monthsEach: number;
  readonly growth: readonly GrowthRow[];
  readonly months: readonly MonthRow[];
}

/** What an interval promises. */
const promised = 0.8;

export function reportForecast({ series, monthsEach, growth, months }: ForecastFigures): Report {
  const histories = [...new Set(growth.map(({ history }) => history))];
  const shapes = [...new Set(months.map(shapeOf))];
  return {
    title: 'how far off forecasts are, and how often their interval holds',
    aims: [
      ...histories.flatMap((history) => growthAims(growth, history)),
      ...shapes.map((shape) => coverageAim(`month end, ${shape}`, ofShape(months, shape))),
    ],
    tables: [
      ...histories.map((history) => growthTable(growth, history)),
      ...shapes.map((shape) => monthTable(months, shape)),
    ],
    method: [
      `${series} made-up series of each kind of growth and ${monthsEach} months of each way to spend, with random sizes, rates and noise from seeded generators (tests/support/growth-series.ts, tests/support/bigquery/spend-series.ts): every run gives the same numbers. No series of a real database is among them.`,
      'Error: mean over the series of |forecast − what came| / what came; the forecast is the median. Interval: how often what came was between the lower and the upper end, which is to be eight in ten; and how wide it is, as a part of what came.',
      'The constants of both methods were chosen while looking at series of these kinds (with other seeds), so that a kind of growth that is not here may be forecast worse than any that is.',
      'Storage: a slope by medians (Theil and Sen) of days without spikes, steps and the pattern of the week. Least squares is what `predict_linear` computes over the same days; "last" says that nothing grows any more. Kinds without noise that hides the line have an interval that is wider than they need: growth is assumed to change by a fifth within 90 days.',
      'Month end: spend on demand. "Even": the month goes on as it was so far. "Week": as the last seven days.',
    ],
    raw: { series, monthsEach, growth, months },
  };
}

function growthAims(growth: readonly GrowthRow[], history: number): Aim[] {
  const rows = growth.filter((row) => row.history === history);
  const error = (read: (row: GrowthRow) => Accuracy): number =>
    (100 * rows.reduce((sum, row) => sum + read(row).error, 0)) / rows.length;
  const what = `storage, ${history} days of history`;
  return [
    aimBelow(
      `${what}: error over all kinds, below least squares'`,
      error(({ reeve }) => reeve),
      error(({ linear }) => linear),
      ' %',
    ),
    coverageAim(what, rows),
  ];
}

function coverageAim(what: string, rows: readonly { readonly reeve: Accuracy }[]): Aim {
  const lowest = Math.min(...rows.map(({ reeve }) => reeve.coverage ?? 0));
  return aimAtLeast(`${what}: the interval holds, worst kind`, 100 * lowest, 100 * promised, ' %');
}

function growthTable(growth: readonly GrowthRow[], history: number): Table {
  const rows = growth.filter((row) => row.history === history);
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  const columns = [30, 90].flatMap((ahead) => [
    `${ahead} days: error %`,
    'least squares',
    'last',
    'interval holds %',
    'width %',
  ]);
  return {
    title: `Storage growth, ${history} days of history`,
    columns: ['', ...columns],
    rows: kinds.map((kind) => [
      kind,
      ...rows
        .filter((row) => row.kind === kind)
        .flatMap(({ reeve, linear, last }) => cells(reeve, [linear, last])),
    ]),
    notes: [
      ...belowPromise(rows.map((row) => ({ name: `${row.kind} (${row.ahead} days)`, ...row }))),
      ...silent(rows),
    ],
  };
}

function monthTable(months: readonly MonthRow[], shape: string): Table {
  const rows = ofShape(months, shape);
  return {
    title: `BigQuery's month end, ${shape}`,
    columns: ['', 'error %', 'even', 'week', 'interval holds %', 'width %'],
    rows: rows.map(({ way, reeve, even, week }) => [way, ...cells(reeve, [even, week])]),
    notes: belowPromise(rows.map((row) => ({ name: row.way, ...row }))),
  };
}

function cells(reeve: Accuracy, others: readonly Accuracy[]): string[] {
  const percent = (part: number | undefined): string => (part === undefined ? '' : round(100 * part));
  return [
    percent(reeve.error),
    ...others.map(({ error }) => percent(error)),
    percent(reeve.coverage),
    percent(reeve.width),
  ];
}

function belowPromise(rows: readonly { readonly name: string; readonly reeve: Accuracy }[]): string[] {
  const below = rows.filter(({ reeve }) => (reeve.coverage ?? 0) < promised);
  if (below.length === 0) return [];
  const names = below.map(({ name, reeve }) => `${name} ${round(100 * (reeve.coverage ?? 0))} %`);
  return [`The interval holds less often than eight in ten: ${names.join(', ')}.`];
}

/** Series about which nothing was said, because too many of the latest days are not known. */
function silent(rows: readonly GrowthRow[]): string[] {
  return rows
    .filter(({ reeve, last }) => reeve.n < last.n)
    .map(
      ({ kind, ahead, reeve, last }) =>
        `${kind}, ${ahead} days: no forecast for ${last.n - reeve.n} of ${last.n}, too few of the latest days are known.`,
    );
}

function shapeOf({ historyDays, gone }: MonthRow): string {
  return `${historyDays} days of history, ${gone} days gone`;
}

function ofShape(months: readonly MonthRow[], shape: string): readonly MonthRow[] {
  return months.filter((row) => shapeOf(row) === shape);
}
