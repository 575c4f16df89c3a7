import { describe, expect, it } from 'vitest';
import { judgementsAtRest } from '../../../src/evaluate/restore-subjects.ts';
import { createMemoryObjectiveRecords } from '../../../src/store/memory-objective-records.ts';
import { day, hour, inForce, metrics, minute, second, start, target, Watched } from './judging.ts';

const hitRatio = inForce('index_hit_ratio');
const good = [['hitRatio', 0.99, { database: 'app' }, 50_000]] as const;
const bad = [['hitRatio', 0.8, { database: 'app' }, 50_000]] as const;

function breached(): Watched {
  const watched = new Watched([hitRatio]);
  watched.see(0, bad);
  watched.keepSeeing(10 * minute, bad);
  return watched;
}

describe('a restart', () => {
  it('does not move when a state began, however long before the end it was judged', () => {
    const watched = new Watched([inForce('index_hit_ratio')]);
    watched.see(0, good);
    watched.keepSeeing(10 * minute, [], { up: false });
    const { since } = watched.only();
    watched.clock.pass(4 * minute);

    watched.restart(hour);
    watched.see(0, [], { up: false });

    expect(watched.only()).toMatchObject({ state: 'unknown', since });
  });

  it('goes on with an open breach, and closes it with the time that the agent was away', () => {
    const watched = breached();
    const before = watched.only().breach;

    watched.restart(hour);
    const after = watched.only();
    watched.see(0, good);
    watched.keepSeeing(10 * minute, good);

    expect(after).toMatchObject({ state: 'breached', reason: 'not_collected', breach: before });
    expect(watched.records.breaches({})).toMatchObject([
      { fingerprint: before?.fingerprint, durationMs: hour + 20 * minute, closeReason: 'recovered' },
    ]);
    expect(watched.kinds()).toEqual(['opened', 'closed']);
  });

  it('goes on with a breach after a crash in which the state of its subject was lost', () => {
    const watched = breached();
    const fingerprint = watched.only().breach?.fingerprint;
    watched.records.dropState({ target: 'orders', objective: 'index_hit_ratio', subject: 'app' });

    watched.restart(hour, false);
    watched.see(0, bad);

    expect(watched.only()).toMatchObject({ state: 'breached', breach: { fingerprint, since: start } });
    expect(watched.kinds()).toEqual(['opened']);
  });

  it.each([
    '',
    'null',
    '[]',
    '{"version":1}',
    '{"version":2,"state":"met","announced":"met","timeline":[]}',
    '{"version":1,"state":"fine","announced":"met","timeline":[]}',
    '{"version":1,"state":"met","announced":"fine","timeline":[]}',
    '{"version":1,"state":"met","announced":"met","timeline":{}}',
    '{"version":1,"state":"met","announced":"met","timeline":[["x",1]]}',
    '{"version":1,"state":"met","announced":"met","timeline":[["m",-1]]}',
    '{"version":1,"state":"met","announced":"met","timeline":[7]}',
  ])('starts unknown where the state is damaged: %s', (json) => {
    const watched = breached();
    const fingerprint = watched.only().breach?.fingerprint;
    watched.records.saveState({
      target: 'orders',
      objective: 'index_hit_ratio',
      subject: 'app',
      at: start,
      json,
    });
    watched.records.saveState({
      target: 'orders',
      objective: 'index_hit_ratio',
      subject: 'other',
      at: start,
      json,
    });

    watched.restart(minute, false);

    expect(watched.only('app')).toMatchObject({ state: 'breached', breach: { fingerprint } });
    expect(watched.only('other')).toMatchObject({
      state: 'unknown',
      breach: undefined,
      budget: { remaining: undefined },
    });
  });

  it.each([
    ['open', '{"fingerprint":7,"ageMs":1,"alerts":[]}'],
    ['open', '{"fingerprint":"F","ageMs":-1,"alerts":[]}'],
    ['open', '{"fingerprint":"F","ageMs":1,"alerts":[{"fingerprint":7,"startsAt":1,"ageMs":1}]}'],
    ['open', '{"fingerprint":"F","ageMs":1,"alerts":[{"fingerprint":"a","startsAt":"x","ageMs":1}]}'],
    ['open', '{"fingerprint":"F","ageMs":1,"alerts":[{"fingerprint":"a","startsAt":1}]}'],
    ['open', '{"fingerprint":"F","ageMs":1,"alerts":7}'],
    ['progress', '{"ms":"x"}'],
    ['progress', '{"ms":1}'],
    ['progress', '{"ms":1,"ageMs":1,"pauseMs":-1}'],
    ['progress', '7'],
  ])('does without a part of the state that is damaged: %s %s', (name, part) => {
    const watched = breached();
    const breach = watched.only().breach;
    const json = `{"version":1,"state":"breached","announced":"breached","timeline":[["b",1000]],"${name}":${part.replace('"F"', `"${breach?.fingerprint}"`)}}`;
    watched.records.saveState({
      target: 'orders',
      objective: 'index_hit_ratio',
      subject: 'app',
      at: watched.clock.now(),
      json,
    });

    watched.restart(0, false);

    expect(watched.only()).toMatchObject({ state: 'breached', breach });
  });

  it('is no news where all is as it was', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, good);
    watched.keepSeeing(hour, good);
    const { since } = watched.only();

    watched.restart(minute);
    const unseen = watched.only();
    watched.see(0, []);
    const first = watched.only();
    watched.see(15 * second, good);

    expect(unseen).toMatchObject({ state: 'unknown', reason: 'not_collected', value: 0.99 });
    expect(first).toMatchObject({ state: 'unknown', reason: 'not_reported' });
    expect(watched.only()).toMatchObject({ state: 'met' });
    expect(watched.kinds()).toEqual(['met']);
    expect(since).toBe(start);
  });

  it('is news after five minutes in which nothing is known', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, good);

    watched.restart(minute);
    watched.see(0, [], { up: false });
    watched.keepSeeing(5 * minute, [], { up: false });

    expect(watched.kinds()).toEqual(['met', 'unknown']);
  });

  it('keeps since when the objective is met', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, good);
    watched.keepSeeing(hour, good);

    watched.restart(minute);
    watched.see(0, good);

    expect(watched.only()).toMatchObject({ state: 'met', since: start });
  });

  it('opens no breach sooner, and begins anew when it was away for longer than `for`', () => {
    const short = new Watched([hitRatio]);
    short.see(0, bad);
    short.keepSeeing(9 * minute, bad);
    short.restart(9 * minute);
    short.see(0, bad);
    const atOnce = short.only().pendingMs;
    short.keepSeeing(minute, bad);

    const long = new Watched([hitRatio]);
    long.see(0, bad);
    long.keepSeeing(9 * minute, bad);
    long.restart(11 * minute);
    long.see(0, bad);

    expect(atOnce).toBe(9 * minute);
    expect(short.only().state).toBe('breached');
    expect(long.only().pendingMs).toBe(0);
  });

  it('does not take the way out of a breach that has closed meanwhile for the way into another', () => {
    const watched = breached();
    watched.keepSeeing(9 * minute, good);
    watched.judge.save();
    const [breach] = watched.records.breaches({ open: true });
    if (breach !== undefined)
      watched.records.saveBreach({ ...breach, holders: [], closedAt: watched.clock.now() });

    watched.restart(0, false);
    watched.keepSeeing(9 * minute, bad);

    expect(watched.only()).toMatchObject({ state: 'unknown', pendingMs: 8.75 * minute });
  });

  it('does not take the way into a breach that has opened meanwhile for the way out', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, bad);
    watched.keepSeeing(9 * minute, bad);
    watched.judge.save();
    const [earlier] = watched.records.states('orders');
    watched.keepSeeing(minute, bad);
    if (earlier !== undefined) watched.records.saveState(earlier);

    watched.restart(0, false);
    watched.keepSeeing(10 * minute, good);
    const before = watched.only().state;
    watched.keepSeeing(minute, good);

    expect(before).toBe('breached');
    expect(watched.only().state).toBe('met');
  });

  it('counts the time away as unknown in the budget', () => {
    const watched = breached();
    watched.keepSeeing(hour, bad);
    const before = watched.only().budget.remaining;

    watched.restart(5 * day);
    watched.see(0, bad);

    expect(watched.only().budget.remaining).toBe(before);
    expect(watched.only().budget.burnRates['1d']).toBeUndefined();
  });

  it('closes what was taken out of the configuration meanwhile', () => {
    const watched = breached();
    watched.judge.apply([]);
    const other = breached();

    other.judge.save();
    other.clock.pass(minute);
    other.reload([]);
    const left = breached();
    left.judge.save();
    const fresh = new Watched([hitRatio], { records: left.records, clock: left.clock });
    fresh.judge.apply([{ target: target('elsewhere'), metrics, objectives: [hitRatio] }]);

    expect(other.records.breaches({})).toMatchObject([{ closeReason: 'dropped' }]);
    expect(left.records.breaches({})).toMatchObject([{ closeReason: 'dropped', target: 'orders' }]);
    expect(left.records.states('orders')).toEqual([]);
  });

  it('closes breaches of targets that nobody has configured since', () => {
    const watched = breached();
    watched.judge.save();

    const fresh = new Watched([], { records: watched.records, clock: watched.clock });

    expect(fresh.records.breaches({})).toMatchObject([{ closeReason: 'dropped' }]);
    expect(fresh.records.states('orders')).toEqual([]);
    expect(fresh.kinds()).toEqual(['closed']);
    expect(fresh.records.events({ limit: 1 })).toMatchObject([{ kind: 'closed', subject: 'app' }]);
  });

  it('closes breaches of a target whose name another engine has now', () => {
    const watched = breached();
    const other = [{ target: target('orders', { engine: 'other' }), metrics, objectives: [hitRatio] }];
    const running = breached();

    const fresh = new Watched([], { records: watched.records, clock: watched.clock });
    fresh.judge.apply(other);
    running.judge.apply(other);

    expect(fresh.records.breaches({})).toMatchObject([{ closeReason: 'dropped', engine: 'test' }]);
    expect(running.records.breaches({})).toMatchObject([{ closeReason: 'dropped', engine: 'test' }]);
    expect(running.only('')).toMatchObject({ state: 'unknown', engine: 'other' });
  });

  it('saves a state that is on the move every minute, one at rest now and then, and a change at once', () => {
    const saved: number[] = [];
    const records = {
      ...createMemoryObjectiveRecords(),
      saveState: ({ at }: { readonly at: number }) => void saved.push(at),
    };
    const counted = new Watched([hitRatio], { records });

    counted.see(0, good);
    counted.keepSeeing(20 * minute, good);
    const atRest = saved.length;
    counted.keepSeeing(5 * minute, bad);

    expect(atRest).toBe(3);
    expect(saved.length - atRest).toBe(5);
  });
});

describe('judgementsAtRest', () => {
  it('leaves breaches as they were, and knows nothing else any more', () => {
    const watched = breached();
    watched.see(15 * second, [...bad, ['hitRatio', 0.98, { database: 'other' }, 50_000]]);
    watched.judge.save();
    const before = watched.records.breaches({});

    const judgements = judgementsAtRest(
      watched.records,
      [{ target: target(), metrics, objectives: [hitRatio, inForce('migration_rows_lost')] }],
      watched.clock.now() + hour,
    );

    expect(judgements).toMatchObject([
      {
        subject: 'app',
        state: 'breached',
        reason: 'agent_stopped',
        value: 0.8,
        breach: { holders: ['evaluation'] },
      },
      { subject: 'other', state: 'unknown', reason: 'agent_stopped', value: 0.98, bound: { min: 0.95 } },
    ]);
    expect(watched.records.breaches({})).toEqual(before);
  });
});
