import { describe, expect, it } from 'vitest';
import { day, error, hour, inForce, minute, second, start, Watched } from './judging.ts';

describe('judging an age', () => {
  const objective = inForce('restore_test_age_seconds');
  const rows = [['storage', 1, { database: 'app' }]] as const;

  it('counts from when the database was first seen, over restarts', () => {
    const watched = new Watched([objective]);
    watched.see(0, rows);
    watched.restart(30 * day);
    watched.see(0, rows);
    const before = watched.only();

    watched.see(day + minute, rows);

    expect(before).toMatchObject({
      state: 'met',
      value: (30 * day) / second,
      bound: { max: (31 * day) / second },
    });
    expect(watched.only()).toMatchObject({ state: 'breached', breach: { severity: 'page' } });
  });

  it('counts from the last time it happened', () => {
    const lastAt = start + 20 * day;
    const watched = new Watched([objective], {
      lastEventAt: ({ target, objective, subject }) =>
        target === 'orders' && objective === 'restore_test_age_seconds' && subject === 'app'
          ? lastAt
          : undefined,
    });
    watched.see(0, rows);

    watched.see(50 * day, rows);

    expect(watched.only()).toMatchObject({ state: 'met', value: (30 * day) / second });
  });

  it('knows the age of what cannot be reached, and not of what is not there', () => {
    const watched = new Watched([objective]);
    watched.see(0, rows);

    watched.see(32 * day, [], { up: false });
    const down = watched.only();
    watched.see(15 * second, []);

    expect(down).toMatchObject({ state: 'breached', value: (32 * day) / second });
    expect(watched.only()).toMatchObject({ state: 'breached', reason: 'not_reported' });
  });

  it('knows the age of a database that alone cannot be read', () => {
    const watched = new Watched([objective]);
    const other = ['storage', 1, { database: 'other' }] as const;
    watched.see(0, [...rows, other]);

    watched.see(32 * day, [other], { errors: { storage: [error('app', 'permission denied')] } });

    expect(watched.only('app')).toMatchObject({ state: 'breached', value: (32 * day) / second });
  });

  it('counts from the restart where the clock had been ahead when the database was first seen', () => {
    const watched = new Watched([objective]);
    watched.see(0, rows);
    watched.judge.save();
    watched.clock.jump(-3_650 * day);

    watched.restart(minute, false);
    watched.see(0, rows);
    watched.see(32 * day, rows);

    expect(watched.only()).toMatchObject({ state: 'breached', value: (32 * day) / second });
  });

  it('is as old as before for a database that returns within 400 days', () => {
    const watched = new Watched([objective]);
    const others = [['storage', 1, { database: 'other' }]] as const;
    watched.see(0, [...rows, ...others]);
    watched.see(25 * hour, others);
    watched.see(25 * hour, others);
    const gone = watched.judge.judgements().map(({ subject }) => subject);

    watched.see(40 * day, [...rows, ...others]);
    const returned = watched.only('app');
    watched.see(15 * second, others);
    watched.see(400 * day, others);

    expect(gone).toEqual(['other']);
    expect(returned.state).toBe('breached');
    expect(watched.records.states('orders').map(({ subject }) => subject)).toEqual(['other']);
  });
});
