import { getTasks } from 'node-cron';
import { afterEach, describe, expect, it } from 'vitest';
import type { RemediationSchedule } from '../../../src/remediate/remediation-input.ts';
import { type Schedules, startSchedules } from '../../../src/remediate/schedules.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createRecordingLog } from '../../support/recording-log.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const quarterly = '0 6 1 1,4,7,10 *';

const open: Schedules[] = [];
afterEach(async () => {
  for (const schedules of open.splice(0)) await schedules.close();
});

function begin(now: number, cron = quarterly, run?: (tick: string) => Promise<void>) {
  const clock = new FakeClock(now);
  const log = createRecordingLog();
  const ticks: string[] = [];
  const current: { schedule: RemediationSchedule } = {
    schedule: { name: 'index_review', cron, run: run ?? (async (tick) => void ticks.push(tick)) },
  };
  const schedules = startSchedules({ schedules: () => [current.schedule], clock, log });
  open.push(schedules);
  return { clock, log, ticks, current, schedules };
}

describe('startSchedules', () => {
  it('ticks at the minute, in UTC, once', async () => {
    const { clock, ticks } = begin(Date.UTC(2027, 2, 20, 23, 59, 30));

    await clock.advance(11 * day + 6 * hour);
    expect(ticks).toEqual([]);
    await clock.advance(minute);
    await clock.advance(day);

    expect(ticks).toEqual(['2027-04-01T06:00:00.000Z']);
  });

  it('makes up the last tick that was missed in the seven days before the start, not one before', async () => {
    const within = begin(Date.UTC(2027, 3, 8, 5, 59, 59));
    const before = begin(Date.UTC(2027, 3, 8, 6, 0, 0));
    const often = begin(Date.UTC(2027, 3, 8, 6, 7, 0), '*/5 * * * *');
    await Promise.all([within, before, often].map(({ clock }) => clock.advance(0)));

    expect(within.ticks).toEqual(['2027-04-01T06:00:00.000Z']);
    expect(before.ticks).toEqual([]);
    expect(often.ticks).toEqual(['2027-04-08T06:05:00.000Z']);
    expect(within.log.events).toMatchObject([{ message: 'schedule ticked', fields: { late: true } }]);
  });

  it('makes up a tick that it slept through', async () => {
    const { clock, ticks } = begin(Date.UTC(2027, 2, 31, 20));
    await clock.advance(hour);

    clock.jump(2 * day);
    await clock.advance(minute);

    expect(ticks).toEqual(['2027-04-01T06:00:00.000Z']);
  });

  it('repeats no tick when the clock is set back by an hour, and goes on when it had been years ahead', async () => {
    const { clock, ticks } = begin(Date.UTC(2027, 0, 10, 5, 30), '0 * * * *');
    await clock.advance(40 * minute);
    const before = ticks.length;

    clock.jump(-hour);
    await clock.advance(40 * minute);
    expect(ticks).toHaveLength(before);

    clock.jump(-5 * 365 * day);
    await clock.advance(61 * minute);
    expect(ticks).toHaveLength(before + 1);
  });

  it('tries every minute while it cannot begin, says so once, and gives the time of the tick', async () => {
    const asked: string[] = [];
    let isFull = true;
    const { clock, log } = begin(Date.UTC(2027, 3, 1, 5, 58), quarterly, async (tick) => {
      asked.push(tick);
      if (isFull) throw new Error('the store is full');
    });

    await clock.advance(5 * minute);
    isFull = false;
    await clock.advance(5 * minute);

    expect(asked).toEqual(Array.from({ length: 5 }, () => '2027-04-01T06:00:00.000Z'));
    expect(log.events.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        message: 'schedule could not begin what is due; it is tried every minute',
        fields: { schedule: 'index_review', problem: 'the store is full' },
      },
    ]);
  });

  it('follows an expression that was changed by a reload', async () => {
    const { clock, ticks, current } = begin(Date.UTC(2027, 0, 20));
    await clock.advance(hour);

    current.schedule = { ...current.schedule, cron: '30 * * * *' };
    await clock.advance(hour);

    expect(ticks).toEqual(['2027-01-20T01:30:00.000Z']);
  });

  it('says that an expression cannot be read instead of ending', async () => {
    const { clock, log } = begin(Date.UTC(2027, 0, 20), 'sometimes');

    await clock.advance(2 * minute);

    expect(log.events.map(({ level }) => level)).toEqual(['error']);
  });

  it('leaves nothing behind, and waits for what a tick began', async () => {
    const release = Promise.withResolvers<void>();
    const { clock, schedules } = begin(Date.UTC(2027, 3, 1, 7), quarterly, () => release.promise);
    await clock.advance(0);
    let isClosed = false;

    const closing = schedules.close().finally(() => {
      isClosed = true;
    });
    await clock.advance(0);
    expect(isClosed).toBe(false);
    release.resolve();
    await closing;

    expect(getTasks().size).toBe(0);
  });
});
