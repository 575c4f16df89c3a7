import { describe, expect, it } from 'vitest';
import { statementWindowsOf } from './groups.ts';
import type { StatementRow, StatementRows } from './statement-rows.ts';
import { StatementWindow } from './statement-window.ts';

const minute = 60_000;
const windows = { shortMs: 5 * minute, longMs: 60 * minute };

function row(change: Partial<StatementRow>): StatementRow {
  return { key: 'k', queryId: 'q', database: 'd', calls: 0, seconds: 0, squares: 0, since: '', ...change };
}

function rows(list: readonly StatementRow[], change: Partial<StatementRows> = {}): StatementRows {
  return { rows: list, total: list.length, epoch: '', evictions: undefined, maximum: undefined, ...change };
}

/** Reads and counts everything that grew. */
function read(window: StatementWindow, atMs: number, statements: StatementRows): number {
  const startMs = window.lastAtMs;
  const grown = window.grownRows(atMs, statements);
  if (startMs !== undefined) window.count(startMs, atMs, grown);
  return grown.reduce((sum, [, { calls }]) => sum + calls, 0);
}

describe('statementWindowsOf', () => {
  it.each([
    [{}, 5 * minute, 60 * minute],
    [
      { windowsMs: { oltp_query_seconds: 20 * minute, olap_query_seconds: 10 * minute } },
      20 * minute,
      10 * minute,
    ],
    // From one reading to the next there is up to an interval more than the cadence.
    [
      { groups: { statements: { enabled: true, everyMs: 10 * minute } }, intervalMs: 4 * minute },
      14 * minute,
      60 * minute,
    ],
    [{ intervalMs: 20 * minute }, 21 * minute, 60 * minute],
  ])('gives %j windows of %i ms and %i ms', (target, shortMs, longMs) => {
    const usual = { intervalMs: 15_000, groups: {}, windowsMs: {} };
    expect(statementWindowsOf({ ...usual, ...target })).toEqual({ shortMs, longMs });
  });
});

describe('StatementWindow', () => {
  it('counts growth, and new rows in full where the last reading saw all', () => {
    const window = new StatementWindow(windows);
    read(window, 0, rows([row({ calls: 5, seconds: 1 })]));

    const grown = read(
      window,
      minute,
      rows([row({ calls: 7, seconds: 2 }), row({ key: 'new', calls: 3, seconds: 1 })]),
    );

    expect(grown).toBe(5);
  });

  it('leaves out rows that fell, restarted or may have been hidden by a cap, and everything at a reset', () => {
    const window = new StatementWindow(windows);
    const known = [row({ key: 'a', calls: 9 }), row({ key: 'b', calls: 9, since: '1' })];
    read(window, 0, rows(known, { total: 3 }));

    const restarted = [
      row({ key: 'a', calls: 2 }),
      row({ key: 'b', calls: 99, since: '2' }),
      row({ key: 'c', calls: 7 }),
    ];
    const capped = read(window, minute, rows(restarted));
    const reset = read(window, 2 * minute, rows([row({ key: 'a', calls: 100 })], { epoch: 'new' }));

    expect([capped, reset]).toEqual([0, 0]);
  });

  it('keeps five minutes and an hour apart, reading after reading', () => {
    const window = new StatementWindow(windows);
    for (let nth = 0; nth <= 180; nth += 1) {
      read(window, nth * minute, rows([row({ calls: 10 * nth, seconds: nth })]));
    }

    const { short, long, calls } = window.read('d', 180 * minute);

    expect([short.calls, calls]).toEqual([50, 1800]);
    expect(long.calls).toBeGreaterThanOrEqual(550);
    expect(long.calls).toBeLessThanOrEqual(600);
    expect(long.quantile(0.95)).toBeCloseTo(0.1, 1);
  });

  it('keeps the windows that it is told, also where the one for OLTP is the longer one', () => {
    const window = new StatementWindow({ shortMs: 30 * minute, longMs: 10 * minute });
    for (let nth = 0; nth <= 60; nth += 1) {
      read(window, nth * minute, rows([row({ calls: 10 * nth, seconds: nth })]));
    }

    const { short, long } = window.read('d', 60 * minute);

    expect(long.calls).toBe(100);
    expect(short.calls).toBeGreaterThanOrEqual(280);
    expect(short.calls).toBeLessThanOrEqual(300);
  });

  it('stays quick with as many statements as the cap allows', () => {
    const window = new StatementWindow(windows);
    const many = (calls: number): StatementRow[] =>
      Array.from({ length: 100_000 }, (_, at) =>
        row({ key: `k${at}`, calls, seconds: calls * 0.01, squares: calls * 0.0002 }),
      );
    read(window, 0, rows(many(10)));

    expect(read(window, minute, rows(many(20)))).toBe(1_000_000);
    expect(window.read('d', minute).short.quantile(0.95)).toBeGreaterThan(0.01);
  });
});
