import { describe, expect, it } from 'vitest';
import { hour, inForce, minute, second, snapshot, start, Watched } from './judging.ts';

const hitRatio = inForce('index_hit_ratio');
const good = [['hitRatio', 0.99, { database: 'app' }, 50_000]] as const;
const bad = [['hitRatio', 0.8, { database: 'app' }, 50_000]] as const;

function breached(): Watched {
  const watched = new Watched([hitRatio]);
  watched.see(0, bad);
  watched.keepSeeing(10 * minute, bad);
  return watched;
}

describe('judging a value', () => {
  it('is met while the value is within its bound', () => {
    const watched = new Watched([hitRatio]);

    watched.see(0, good);

    expect(watched.only()).toMatchObject({
      subject: 'app',
      state: 'met',
      value: 0.99,
      basis: 50_000,
      reason: undefined,
    });
    expect(watched.kinds()).toEqual(['met']);
  });

  it('is breached when the bound was violated for as long as the objective says', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, good);

    watched.see(15 * second, bad);
    watched.keepSeeing(10 * minute - 15 * second, bad);
    const before = watched.only();
    watched.see(15 * second, bad);

    expect(before).toMatchObject({ state: 'met', pendingMs: 10 * minute - 15 * second, breach: undefined });
    expect(watched.only()).toMatchObject({
      state: 'breached',
      pendingMs: undefined,
      breach: {
        since: start + 15 * second,
        openedAt: start + 10 * minute + 15 * second,
        side: 'min',
        bound: 0.95,
        value: 0.8,
        severity: 'ticket',
        holders: ['evaluation'],
      },
    });
    expect(watched.kinds()).toEqual(['met', 'opened']);
    expect(watched.events.at(-1)?.text).toBe(
      'index_hit_ratio of orders (app) is breached: 80 %, must be at least 95 %, violated since 2026-01-01T00:00:15Z (10m); ticket',
    );
  });

  it('neither opens nor closes by values that come and go faster', () => {
    const watched = new Watched([hitRatio]);
    for (let round = 0; round < 100; round += 1) {
      watched.keepSeeing(9 * minute, bad);
      watched.keepSeeing(15 * second, good);
    }
    expect(watched.records.breaches({})).toEqual([]);

    watched.keepSeeing(11 * minute, bad);
    for (let round = 0; round < 100; round += 1) {
      watched.keepSeeing(9 * minute, good);
      watched.keepSeeing(15 * second, bad);
    }
    expect(watched.records.breaches({})).toMatchObject([{ closedAt: undefined }]);
  });

  it('closes with its duration when the value was well inside the bound for long enough', () => {
    const watched = breached();

    watched.keepSeeing(20 * minute, [['hitRatio', 0.953, { database: 'app' }, 50_000]]);
    const atTheBound = watched.only().state;
    watched.see(15 * second, good);
    watched.keepSeeing(10 * minute, good);

    expect(atTheBound).toBe('breached');
    expect(watched.only()).toMatchObject({ state: 'met', breach: undefined });
    expect(watched.records.breaches({})).toMatchObject([
      {
        durationMs: 40 * minute + 15 * second,
        closeReason: 'recovered',
        holders: [],
        closedAt: start + 40 * minute + 15 * second,
      },
    ]);
    expect(watched.kinds()).toEqual(['opened', 'closed']);
    expect(watched.events.at(-1)?.text).toBe(
      'index_hit_ratio of orders (app) is no longer breached (recovered): 99 %, must be at least 95 %, violated since 2026-01-01T00:00:00Z (40m15s)',
    );
  });

  it('remembers the worst value of a breach', () => {
    const watched = breached();

    watched.see(15 * second, [['hitRatio', 0.5, { database: 'app' }, 50_000]]);
    watched.see(15 * second, bad);

    expect(watched.only().breach).toMatchObject({ value: 0.8, worst: 0.5 });
  });

  it('gives the next breach of the same subject another fingerprint', () => {
    const watched = breached();
    const first = watched.only().breach?.fingerprint;
    watched.keepSeeing(11 * minute, good);
    watched.keepSeeing(11 * minute, bad);

    const second = watched.only().breach?.fingerprint;

    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(second).toMatch(/^[0-9a-f]{16}$/);
    expect(second).not.toBe(first);
  });

  it('opens at once where the objective does not wait', () => {
    const watched = new Watched([inForce('migration_rows_lost')]);

    watched.see(0, [['rowsLost', 1, { migration: '0042_drop_column' }]]);

    expect(watched.only()).toMatchObject({
      state: 'breached',
      breach: { severity: 'page', value: 1, bound: 0, side: 'max' },
    });
  });

  it('judges a violation of either end of a band, and closes between them', () => {
    const watched = new Watched([inForce('request_unit_utilization_ratio')]);
    const at = (value: number) =>
      [['utilization', value, { database: 'shop', container: 'a/b%', region: 'West US' }, 2_000]] as const;

    watched.see(0, at(0.5));
    const low = watched.only();
    watched.keepSeeing(2 * hour, at(0.71));
    const atTheBound = watched.only().state;
    watched.keepSeeing(hour, at(0.8));
    watched.see(15 * second, at(0.8));

    expect(low).toMatchObject({
      subject: 'shop/a%2Fb%25/West US',
      breach: { side: 'min', bound: 0.7, severity: 'ticket' },
    });
    expect(atTheBound).toBe('breached');
    expect(watched.only().state).toBe('met');
  });

  it('judges an open breach against a bound that was changed meanwhile', () => {
    const watched = breached();
    const fingerprint = watched.only().breach?.fingerprint;

    watched.reload([inForce('index_hit_ratio', { min: 0.7 })]);
    const before = watched.only();
    watched.see(15 * second, bad);
    watched.keepSeeing(10 * minute, bad);

    expect(before.breach?.fingerprint).toBe(fingerprint);
    expect(watched.only()).toMatchObject({ state: 'met', bound: { min: 0.7 } });
  });

  it('takes the worst of several samples about one subject', () => {
    const watched = new Watched([
      inForce('replication_lag_seconds', {}, { metric: 'utilization', subject: ['database'] }),
      inForce('index_hit_ratio', { minimumBasis: 0 }, { metric: 'utilization', subject: ['database'] }),
    ]);
    const rows = [0.2, 0.1, 0.6, 0.4].map(
      (value, index) => ['utilization', value, { database: 'app', container: String(index) }] as const,
    );

    watched.see(0, rows);

    expect(watched.judge.judgements().map(({ objective, value }) => [objective, value])).toEqual([
      ['replication_lag_seconds', 0.6],
      ['index_hit_ratio', 0.1],
    ]);
  });
});

describe('subjects', () => {
  it('are forgotten after a day of readings without them, and their breach closes', () => {
    const watched = breached();
    const others = [['hitRatio', 0.99, { database: 'other' }, 50_000]] as const;

    watched.keepSeeing(23 * hour, others);
    const held = watched.only('app').state;
    watched.keepSeeing(10 * hour, others, { failed: ['cache'] });
    const unread = watched.only('app').state;
    watched.keepSeeing(hour, others);

    expect([held, unread]).toEqual(['breached', 'breached']);
    expect(watched.only().subject).toBe('other');
    expect(watched.records.breaches({})).toMatchObject([{ closeReason: 'gone' }]);
    expect(watched.records.states('orders').map(({ subject }) => subject)).toEqual(['other']);
  });

  it('may be the target as a whole, which is never forgotten', () => {
    const watched = new Watched([inForce('oltp_query_seconds', { minimumBasis: 0 })]);
    watched.see(0, [['latency', 0.01]]);

    watched.keepSeeing(30 * hour, []);

    expect(watched.only()).toMatchObject({ subject: '', state: 'unknown', reason: 'not_reported' });
  });

  it('are taken from the readings, whatever the budget of series left out', () => {
    const watched = new Watched([hitRatio]);

    const samples = watched.judge.judge(snapshot(start, good));

    expect(samples.length).toBeGreaterThan(0);
  });

  it('have no lower bound where they cannot be any smaller', () => {
    const watched = new Watched([inForce('request_unit_utilization_ratio')]);
    const at = (container: string) => ({ database: 'shop', container, region: 'West US' });

    watched.see(0, [
      ['utilization', 0.1, at('small'), 2_000],
      ['utilization', 0.1, at('large'), 2_000],
      ['freeBelow', 1, { database: 'shop', container: 'small' }],
      ['freeBelow', 0, { database: 'shop', container: 'large' }],
    ]);

    expect(watched.only('shop/small/West US')).toMatchObject({ state: 'met', bound: { max: 0.85 } });
    expect(watched.only('shop/large/West US')).toMatchObject({
      state: 'breached',
      bound: { min: 0.7, max: 0.85 },
    });
  });

  it('are not awaited where the target is exempt', () => {
    const watched = new Watched([inForce('request_unit_utilization_ratio')]);
    const before = watched.only().subject;

    watched.see(0, [['serverless', 1]]);

    expect(before).toBe('');
    expect(watched.judge.judgements()).toEqual([]);
  });
});

describe('a new configuration', () => {
  it('closes the breaches of targets that are gone', () => {
    const watched = breached();

    watched.judge.apply([]);

    expect(watched.records.breaches({})).toMatchObject([{ closeReason: 'dropped', durationMs: 10 * minute }]);
    expect(watched.records.states('orders')).toEqual([]);
    expect(watched.judge.judgements()).toEqual([]);
  });

  it('closes the breaches of objectives that are gone, and leaves the others alone', () => {
    const watched = new Watched([hitRatio, inForce('migration_rows_lost')]);
    watched.see(0, [...bad, ['rowsLost', 1, { migration: 'm1' }]]);

    watched.reload([hitRatio]);

    expect(watched.records.breaches({})).toMatchObject([
      { objective: 'migration_rows_lost', closeReason: 'dropped' },
    ]);
    expect(watched.only().objective).toBe('index_hit_ratio');
  });

  it('lets go of a breach whose bound was taken away', () => {
    const watched = new Watched([inForce('bigquery_spend_usd', { max: 1_000 })]);
    watched.see(0, [['spend', 1_200, { project: 'shop', window: 'month' }]]);

    watched.reload([inForce('bigquery_spend_usd')]);

    expect(watched.records.breaches({})).toMatchObject([{ closeReason: 'dropped' }]);
  });

  it('keeps a violation that has not lasted for long enough', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, bad);
    watched.keepSeeing(5 * minute, bad);

    watched.reload([inForce('index_hit_ratio', { min: 0.9 })]);
    watched.keepSeeing(5 * minute, bad);

    expect(watched.only()).toMatchObject({ state: 'breached', breach: { bound: 0.9 } });
  });

  it('is a page when what is spent already exceeds the budget, though nothing can be forecast yet', () => {
    const page = [{ metric: 'spend', where: { window: 'month' }, side: 'max', standsIn: true }] as const;
    const watched = new Watched([
      inForce('bigquery_spend_usd', { max: 1_000 }, { metric: 'forecast', page }),
    ]);
    const spent = (usd: number) => [['spend', usd, { project: 'shop', window: 'month' }]] as const;

    watched.see(0, spent(999));
    expect(watched.only()).toMatchObject({ subject: '', state: 'unknown', breach: undefined });
    watched.see(minute, spent(1_001));

    expect(watched.only()).toMatchObject({
      subject: 'shop',
      state: 'breached',
      value: 1_001,
      breach: { severity: 'page' },
    });
  });
});
