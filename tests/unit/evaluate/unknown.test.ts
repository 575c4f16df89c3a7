import { describe, expect, it } from 'vitest';
import { day, error, hour, inForce, minute, second, target, Watched } from './judging.ts';

const hitRatio = inForce('index_hit_ratio');
const good = [['hitRatio', 0.99, { database: 'app' }, 50_000]] as const;
const bad = [['hitRatio', 0.8, { database: 'app' }, 50_000]] as const;
const few = [['hitRatio', 0.8, { database: 'app' }, 9_999]] as const;

function breached(): Watched {
  const watched = new Watched([hitRatio]);
  watched.see(0, bad);
  watched.keepSeeing(10 * minute, bad);
  return watched;
}

describe('what is not known', () => {
  it.each([
    ['unreachable', 'connection refused', [], { up: false }],
    ['collection_failed', 'permission denied', [], { failed: ['cache'] }],
    ['collection_failed', 'the reading of cache is too old', [], { without: ['cache'] }],
    ['collection_failed', 'app is locked', [], { errors: { cache: [error('app', 'app is locked')] } }],
    ['not_reported', '', [], {}],
    ['collection_failed', 'other is locked', [], { errors: { cache: [error('other', 'other is locked')] } }],
    ['too_few_samples', '9999 observations, and it takes 10000', few, {}],
    ['too_few_samples', '0 observations, and it takes 10000', [['hitRatio', 0.8, { database: 'app' }]], {}],
    [
      'not_collected',
      'reading cache is switched off in the configuration',
      [],
      {
        without: ['cache'],
        target: target('orders', { groups: { cache: { enabled: false, everyMs: undefined } } }),
      },
    ],
  ] as const)('is %s (%s), neither met nor breached', (reason, detail, rows, round) => {
    const watched = new Watched([hitRatio]);
    watched.see(0, good);

    watched.keepSeeing(30 * minute, rows, round);

    expect(watched.only()).toMatchObject({
      state: 'unknown',
      reason,
      detail,
      value: undefined,
      subject: 'app',
    });
    expect(watched.records.breaches({})).toEqual([]);
    expect(watched.kinds()).toEqual(['met', 'unknown']);
  });

  it('is so since the same time, however long ago the latest collection was', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, good);
    watched.keepSeeing(10 * minute, [], { up: false });
    const { since } = watched.only();

    watched.clock.pass(4 * minute);

    expect(watched.only().since).toBe(since);
  });

  it.each([
    ['the target is unreachable', [], { up: false }],
    ['the collection fails', [], { failed: ['cache'] }],
    ['too few observations stand behind it', few, {}],
    ['nothing is reported', [], {}],
  ] as const)('holds an open breach open while %s', (_, rows, round) => {
    const watched = breached();
    const fingerprint = watched.only().breach?.fingerprint;

    watched.keepSeeing(5 * hour, rows, round);

    expect(watched.only()).toMatchObject({ state: 'breached', value: undefined, breach: { fingerprint } });
    expect(watched.only().reason).toBeDefined();
  });

  it('is too little history where a watch of weeks comes before the first value', () => {
    const untilKnown = 'nothing can be proven yet';
    const watched = new Watched([{ ...hitRatio, measure: { ...hitRatio.measure, untilKnown } }]);

    watched.see(0, []);

    expect(watched.only()).toMatchObject({
      state: 'unknown',
      reason: 'too_little_history',
      detail: untilKnown,
    });
  });

  it('is not collected before the first collection', () => {
    const watched = new Watched([hitRatio, inForce('replication_lag_seconds')]);

    expect(watched.only()).toMatchObject({
      objective: 'index_hit_ratio',
      subject: '',
      state: 'unknown',
      reason: 'not_collected',
    });
  });

  it('has one place for a target of which no subject was ever seen, and none where only subjects count', () => {
    const watched = new Watched([hitRatio, inForce('replication_lag_seconds')]);
    watched.see(0, [], { up: false });
    const before = watched.only();

    watched.see(15 * second, good);

    expect(before).toMatchObject({ subject: '', state: 'unknown', reason: 'unreachable' });
    expect(watched.only()).toMatchObject({ subject: 'app', state: 'met' });
    expect(watched.records.states('orders').map(({ subject }) => subject)).toEqual(['app']);
  });

  it('says that a slow group has not been read yet', () => {
    const watched = new Watched([hitRatio]);

    watched.see(0, [], { without: ['cache'] });

    expect(watched.only()).toMatchObject({ reason: 'not_collected', state: 'unknown' });
  });

  it('asks for a bound, and publishes the value meanwhile', () => {
    const watched = new Watched([inForce('bigquery_spend_usd')]);

    watched.see(0, [['spend', 812, { project: 'shop', window: 'month' }]]);

    expect(watched.only()).toMatchObject({
      state: 'unknown',
      reason: 'no_bound',
      value: 812,
      subject: 'shop',
    });
    expect(watched.published('reeve_objective_value')).toEqual(['bigquery_spend_usd shop 812']);
    expect(watched.published('reeve_objective_bound')).toEqual([]);
  });

  it('does not judge what is finer than the value can show, except a certain violation', () => {
    const watched = new Watched([inForce('replication_lag_seconds', { max: 0.5 }, { resolution: 1 })]);

    watched.keepSeeing(hour / 2, [['lag', 1, { replica: 'r1' }]]);
    const unsure = watched.only();
    watched.keepSeeing(3 * minute, [['lag', 4, { replica: 'r1' }]]);
    const sure = watched.only();
    watched.keepSeeing(3 * minute, [['lag', 0, { replica: 'r1' }]]);

    expect(unsure).toMatchObject({ state: 'unknown', reason: 'coarse_resolution' });
    expect(unsure.detail).toBe('the value shows differences of 1, and the bound is 0.5');
    expect(sure).toMatchObject({ state: 'breached', value: 4 });
    expect(watched.only()).toMatchObject({
      state: 'unknown',
      reason: 'coarse_resolution',
      breach: undefined,
    });
  });

  it('pauses a violation that has not lasted for long enough', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, bad);
    watched.keepSeeing(6 * minute, bad);

    watched.keepSeeing(5 * minute, few);
    const paused = watched.only();
    watched.see(15 * second, bad);
    watched.keepSeeing(4 * minute, bad);

    expect(paused).toMatchObject({ state: 'unknown', pendingMs: 6 * minute });
    expect(watched.only().state).toBe('breached');
  });

  it('begins anew when a violation was not seen for longer than it has to last', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, bad);
    watched.keepSeeing(9 * minute, bad);

    watched.keepSeeing(11 * minute, few);
    watched.keepSeeing(9 * minute, bad);

    expect(watched.records.breaches({})).toEqual([]);
  });

  it('adds nothing for a pause in which nobody looked', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, bad);

    watched.see(9 * minute, bad);
    watched.see(9 * minute, bad);
    watched.see(hour, bad);

    expect(watched.only()).toMatchObject({ state: 'unknown', pendingMs: 0 });
  });

  it('says once that it is blind after an hour, and once that it sees again', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, good);
    watched.see(15 * second, [], { up: false });

    watched.keepSeeing(hour - 15 * second, [], { up: false });
    const before = watched.only().blind;
    watched.keepSeeing(hour, [], { up: false });
    const after = watched.only().blind;
    const published = watched.published('reeve_objective_blind');
    watched.see(15 * second, good);

    expect([before, after, watched.only().blind]).toEqual([false, true, false]);
    expect(published).toEqual(['index_hit_ratio app unreachable 1']);
    expect(watched.published('reeve_objective_blind')).toEqual([]);
    expect(watched.kinds()).toEqual(['met', 'unknown', 'blind', 'met', 'seeing']);
  });

  it('is blind too while a breach is held open', () => {
    const watched = breached();

    watched.keepSeeing(2 * hour, [], { failed: ['cache'] });

    expect(watched.only()).toMatchObject({ state: 'breached', blind: true });
    expect(watched.kinds()).toEqual(['opened', 'blind']);
  });

  it('spends no budget while a breach is merely held open', () => {
    const watched = breached();

    watched.keepSeeing(10 * minute, bad);
    watched.keepSeeing(10 * hour, [], { failed: ['cache'] });

    expect(watched.only().budget.remaining).toBeCloseTo(
      1 - (10 * minute + 15 * second) / (0.01 * 30 * day),
      3,
    );
  });
});
