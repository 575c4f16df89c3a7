import { describe, expect, it } from 'vitest';
import { judgementsAtRest } from '../../../src/evaluate/restore-subjects.ts';
import { subjectName } from '../../../src/evaluate/subjects.ts';
import { createMemoryObjectiveRecords } from '../../../src/store/memory-objective-records.ts';
import {
  alert,
  day,
  error,
  hour,
  inForce,
  metrics,
  minute,
  second,
  snapshot,
  start,
  target,
  Watched,
} from './judging.ts';

const hitRatio = inForce('index_hit_ratio');
const good = [['hitRatio', 0.99, { database: 'app' }, 50_000]] as const;
const bad = [['hitRatio', 0.8, { database: 'app' }, 50_000]] as const;

describe('subjectName', () => {
  it.each([
    [[], ''],
    [['app'], 'app'],
    [['a/b'], 'a/b'],
    [['a/b', '50%', 'c'], 'a%2Fb/50%25/c'],
  ])('of %o is %s', (values, name) => {
    expect(subjectName(values)).toBe(name);
  });
});

describe('an objective', () => {
  it('is unknown when its engine has no such metric', () => {
    const watched = new Watched([inForce('index_hit_ratio', {}, { metric: 'nothing' })]);

    watched.see(0, good);

    expect(watched.only()).toMatchObject({ state: 'unknown', reason: 'not_collected' });
  });

  it('forecasts nothing of a metric that its engine does not have', () => {
    const watched = new Watched([
      inForce('storage_bytes_forecast', { capacityBytes: 1e9 }, { metric: 'nothing' }),
    ]);

    watched.see(0, good);

    expect(watched.only('all databases')).toMatchObject({ state: 'unknown', value: undefined });
  });

  it('has no lower bound to leave away when only that was given', () => {
    const free = inForce('request_unit_utilization_ratio');
    const watched = new Watched([{ ...free, bound: { min: 0.7 } }]);
    const at = { database: 'shop', container: 'small', region: 'West US' };

    watched.see(0, [
      ['utilization', 0.1, at, 2_000],
      ['freeBelow', 1, at],
    ]);

    expect(watched.only()).toMatchObject({ state: 'unknown', reason: 'no_bound', value: 0.1 });
  });

  it('compares a ground to page with nothing where there is no upper bound', () => {
    const spend = inForce('bigquery_spend_usd');
    const watched = new Watched([{ ...spend, bound: { min: 5 } }]);

    watched.see(0, [
      ['spend', 1, { project: 'shop', window: 'month' }],
      ['spendLower', 1_000, { project: 'shop' }],
    ]);

    expect(watched.only().breach?.severity).toBe('ticket');
  });

  it('heeds a sample about all of the target', () => {
    const watched = new Watched([
      inForce('bigquery_spend_usd', { max: 10 }, { page: [{ metric: 'serverless', above: 0 }] }),
    ]);

    watched.see(0, [
      ['spend', 11, { project: 'shop', window: 'month' }],
      ['serverless', 1],
    ]);

    expect(watched.only().breach?.severity).toBe('page');
  });

  it('says unreachable and failed also without words', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, good);
    const down = { ...snapshot(start, [], { up: false }), failure: undefined };
    const failed = snapshot(start, [], { failed: ['cache'] });

    watched.judge.judge(down);
    const first = watched.only();
    watched.judge.judge({
      ...failed,
      readings: failed.readings.map((reading) => ({ ...reading, errors: [] })),
    });

    expect(first).toMatchObject({ reason: 'unreachable', detail: '' });
    expect(watched.only()).toMatchObject({ reason: 'collection_failed', detail: '' });
  });

  it('knows that an error about a database concerns all that is in it', () => {
    const watched = new Watched([inForce('request_unit_utilization_ratio')]);
    const at = { database: 'shop', container: 'cart', region: 'West US' };
    watched.see(0, [['utilization', 0.8, at, 2_000]]);
    const failing = (subject: string) => ({
      errors: { throughput: [{ subject, code: 'denied' as const, message: 'forbidden' }] },
    });

    const others = [['utilization', 0.8, { ...at, database: 'spare' }, 2_000]] as const;

    const reasons = ['shop', 'shop/cart', 'cart', 'shop/cart/West US', '', 'other', 'sho'].map((subject) => {
      watched.see(15 * second, others, failing(subject));
      return watched.only('shop/cart/West US').reason;
    });

    expect(reasons).toEqual([
      ...Array.from({ length: 5 }, () => 'collection_failed'),
      'not_reported',
      'not_reported',
    ]);
  });
});

describe('what failed in a reading that speaks of no subject', () => {
  it('is why nothing is known, and holds the breach open', () => {
    const watched = new Watched([inForce('replication_lag_seconds', { forMs: 0 })]);
    const errors = { replication: [error('redis-1:6379', 'timed out')] };
    watched.see(0, [['lag', 5, { replica: 'redis-2:6379' }]]);

    watched.keepSeeing(25 * hour, [], { errors });

    expect(watched.only()).toMatchObject({
      state: 'breached',
      reason: 'collection_failed',
      detail: 'timed out',
    });
  });

  it('about a region of a project concerns the project', () => {
    const watched = new Watched([inForce('bigquery_spend_usd', { max: 10 })]);
    const shop = { project: 'shop', window: 'month' };
    const web = { project: 'web', window: 'month' };
    watched.see(0, [
      ['spend', 2, shop],
      ['spend', 2, web],
    ]);

    watched.see(15 * second, [['spend', 2, web]], { errors: { spend: [error('shop/US', 'denied')] } });

    expect(watched.only('shop').reason).toBe('collection_failed');
  });
});

describe('a sample', () => {
  const latency = inForce('oltp_query_seconds', { minimumBasis: 0 });

  it('without a label that its metric declares, or that names its subject, has an empty one', () => {
    const watched = new Watched([
      hitRatio,
      { ...latency, measure: { ...latency.measure, subject: ['node'] } },
    ]);
    const bare = { metric: metrics.hitRatio, labels: [], value: 0.99, basis: 50_000 };
    const { readings, ...rest } = snapshot(start, [['latency', 0.01]]);

    watched.judge.judge({
      ...rest,
      readings: readings.map((one) =>
        one.group === 'cache' ? { ...one, samples: [...one.samples, bare] } : one,
      ),
    });

    expect(watched.judge.judgements().map(({ subject, state }) => [subject, state])).toEqual([
      ['', 'met'],
      ['', 'met'],
    ]);
  });

  it('of a metric that the engine does not have is no ground to page', () => {
    const spend = inForce('bigquery_spend_usd', { max: 1 }, { page: [{ metric: 'nothing', above: 0 }] });
    const watched = new Watched([spend]);

    watched.see(0, [['spend', 2, { project: 'shop', window: 'month' }]]);

    expect(watched.only().breach?.severity).toBe('ticket');
  });
});

describe('an observation', () => {
  it('counts no time in the budget in which nobody looked', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, good);
    watched.keepSeeing(hour, good);

    watched.see(hour, good);

    expect(watched.only().budget.burnRates).toMatchObject({ '1h': undefined, '2h': 0 });
  });

  it('counts an age from when the thing happened, although it was first seen later', () => {
    const watched = new Watched([inForce('restore_test_age_seconds')], {
      lastEventAt: () => start - 30 * day,
    });

    watched.see(0, [['storage', 1, { database: 'app' }]]);

    expect(watched.only()).toMatchObject({ state: 'met', value: (30 * day) / 1_000 });
  });

  it('of a forecast may be below a minimum', () => {
    const forecast = () => ({ median: 5, lower: 4, upper: 6, basis: 30, crossing: () => undefined });
    const { windowMs: _, ...objective } = inForce('storage_bytes_forecast', { min: 10 });
    const watched = new Watched([objective], { forecast });

    watched.see(0, [['storage', 1, { database: 'app' }]]);

    expect(watched.only()).toMatchObject({ state: 'breached', breach: { side: 'min', severity: 'ticket' } });
  });
});

describe('a subject', () => {
  it('that is gone is not on the scorecard of an agent at rest', () => {
    const watched = new Watched([inForce('restore_test_age_seconds')]);
    const others = [['storage', 1, { database: 'other' }]] as const;
    watched.see(0, [['storage', 1, { database: 'app' }], ...others]);
    watched.keepSeeing(25 * hour, others);
    watched.judge.save();

    const targets = [{ target: target(), metrics, objectives: [inForce('restore_test_age_seconds')] }];
    const judgements = judgementsAtRest(watched.records, targets, watched.clock.now());

    expect(judgements.map(({ subject }) => subject)).toEqual(['other']);
  });
});

describe('a breach', () => {
  it('that only an alert held is held over a crash in which the alert was lost', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, good);
    watched.judge.takeAlert(alert());
    watched.records.dropState({ target: 'orders', objective: 'index_hit_ratio', subject: 'app' });

    watched.restart(minute, false);
    watched.see(0, good);
    const held = watched.only().state;
    watched.judge.takeAlert(alert());
    watched.keepSeeing(hour, good);
    const over = watched.judge.takeAlert(alert({ status: 'resolved' }));

    expect(held).toBe('breached');
    expect(over.outcome).toBe('closed');
  });

  it('is closed for good although its subject was saved while it was open', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, bad);
    watched.keepSeeing(10 * minute, bad);
    watched.judge.save();
    const [breach] = watched.records.breaches({ open: true });
    if (breach !== undefined) watched.records.saveBreach({ ...breach, closedAt: watched.clock.now() });

    watched.restart(0, false);
    watched.see(15 * second, good);

    expect(watched.only()).toMatchObject({ state: 'met', breach: undefined });
  });

  it('of a target that nobody judges any more closes at the start', () => {
    const records = createMemoryObjectiveRecords();
    const watched = new Watched([hitRatio], { records });
    watched.see(0, bad);
    watched.keepSeeing(10 * minute, bad);
    const [breach] = records.breaches({ open: true });
    if (breach !== undefined) records.saveBreach({ ...breach, target: 'elsewhere', fingerprint: 'f2' });
    records.saveState({
      target: 'elsewhere',
      objective: 'index_hit_ratio',
      subject: 'app',
      at: start,
      json: '',
    });

    watched.restart();

    expect(records.breaches({ target: 'elsewhere' })).toMatchObject([
      { closeReason: 'dropped', durationMs: 10 * minute, holders: [] },
    ]);
    expect(records.states('elsewhere')).toEqual([]);
    expect(records.breaches({ target: 'orders', open: true })).toHaveLength(1);
  });

  it('closes as it is when nobody has judged it for a while', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, bad);
    watched.keepSeeing(10 * minute, bad);
    watched.clock.pass(day);

    watched.judge.apply([]);

    expect(watched.records.breaches({})).toMatchObject([{ durationMs: day + 10 * minute }]);
  });

  it('keeps the worst on the side on which it opened', () => {
    const watched = new Watched([inForce('request_unit_utilization_ratio')]);
    const at = { database: 'shop', container: 'cart', region: 'West US' };
    for (const value of [0.9, 0.95, 0.1, 0.86]) watched.see(15 * second, [['utilization', value, at, 2_000]]);

    expect(watched.only().breach).toMatchObject({ side: 'max', value: 0.9, worst: 0.95 });
  });
});

describe('an alert', () => {
  it('need not name a subject', () => {
    const watched = new Watched([hitRatio]);
    const { subject: _, ...labels } = alert().labels;

    watched.judge.takeAlert({ ...alert(), labels });
    watched.judge.takeAlert({ ...alert({ status: 'resolved' }), labels });

    expect(watched.records.breaches({})).toMatchObject([{ subject: '', closeReason: 'resolved' }]);
    expect(watched.only()).toMatchObject({ subject: '', state: 'unknown' });
  });

  it('renews nothing where no breach is open', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, good);
    watched.judge.takeAlert(alert());
    watched.judge.takeAlert(alert({ status: 'resolved' }));

    expect(watched.judge.takeAlert(alert())).toMatchObject({ outcome: 'duplicate', breach: undefined });
  });
});
