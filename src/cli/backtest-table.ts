import type { BacktestRow } from '../backtest/backtest.ts';
import { objectives } from '../core/objective.ts';
import { printable } from '../core/printable.ts';
import { formatQuantity } from '../core/quantity.ts';
import { alignRows } from './text-table.ts';

export interface BacktestData {
  /** ISO times. */
  readonly from: string;
  readonly to: string;
  readonly stepSeconds: number;
  /** Settings as they were given. */
  readonly tried: readonly string[];
  readonly rows: readonly BacktestRow[];
}

const columns = [
  'objective',
  'target',
  'bound',
  'for',
  'subjects',
  'pages',
  'tickets',
  'in breach',
  'longest',
  'unknown',
];

/** For a person: one line an objective and target, the one that would have called most first. */
export function backtestTable({ from, to, stepSeconds, tried, rows }: BacktestData): string {
  const head = `${from.slice(0, 16)}Z to ${to.slice(0, 16)}Z, a judgement every ${formatQuantity(stepSeconds, 'seconds')}${
    tried.length === 0 ? '' : `, trying ${tried.join(', ')}`
  }\n`;
  if (rows.length === 0)
    return `${head}No series reeve_objective_value in this time: does this Prometheus scrape Reeve, and did it then?\n`;
  const sorted = rows.toSorted(
    (a, b) => b.pages - a.pages || b.tickets - a.tickets || b.breachedMs - a.breachedMs,
  );
  const lines = alignRows([columns, ...sorted.map(cells)]);
  return `${head}\n${lines.join('\n')}\n\n${summary(rows)}\n`;
}

function cells(row: BacktestRow): readonly string[] {
  const { unit } = objectives[row.objective];
  const { min, max } = row.bound;
  const ends = [
    ...(min === undefined ? [] : [`≥ ${formatQuantity(min, unit)}`]),
    ...(max === undefined ? [] : [`≤ ${formatQuantity(max, unit)}`]),
  ];
  const totalMs = row.knownMs + row.unknownMs;
  return [
    row.objective,
    printable(row.target),
    ends.length === 0 ? 'none given' : ends.join(' '),
    time(row.forMs),
    String(row.subjects),
    String(row.pages),
    `${row.tickets}${row.stillOpen > 0 ? ` (${row.stillOpen} open)` : ''}`,
    row.breachedMs === 0 ? '-' : time(row.breachedMs),
    row.longestMs === 0 ? '-' : time(row.longestMs),
    totalMs === 0 ? '-' : formatQuantity(Math.round((row.unknownMs / totalMs) * 1_000) / 1_000, 'ratio'),
  ];
}

function summary(rows: readonly BacktestRow[]): string {
  const pages = rows.reduce((sum, row) => sum + row.pages, 0);
  const tickets = rows.reduce((sum, row) => sum + row.tickets, 0);
  const quiet = rows.filter((row) => row.pages + row.tickets === 0).length;
  return `${count(pages, 'page')} and ${count(tickets, 'ticket')} in all; ${quiet} of ${count(rows.length, 'line')} would have called nobody.`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function time(ms: number): string {
  return formatQuantity(ms / 1_000, 'seconds');
}
