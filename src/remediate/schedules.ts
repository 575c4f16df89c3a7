import { createTask, parse } from 'node-cron';
import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { RemediationSchedule } from './remediation-input.ts';

export interface SchedulesOptions {
  /** Asked every minute, so that a reload takes effect. */
  readonly schedules: () => readonly RemediationSchedule[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface Schedules {
  /** Waits for what a tick began. */
  close(): Promise<void>;
}

const minuteMs = 60_000;
/** A tick missed for longer than this is not made up. */
const madeUpWithinMs = 7 * 24 * 60 * minuteMs;
/** A clock that was set back by more had been wrong; by less, its ticks are not repeated. */
const believedSetBackMs = 90 * minuteMs;

/**
 * Calls each schedule at its ticks (UTC, to the minute). Of the ticks that were missed while the agent was down or asleep the last one is
 * made up, also at every start: whoever is called claims by the tick's time, so that all agents and all starts together do it once. A call
 * that fails is repeated every minute.
 *
 * node-cron reads the expressions; the time is ours, because its timers know neither missed ticks nor the clock of a test.
 */
export function startSchedules({ schedules, clock, log }: SchedulesOptions): Schedules {
  const closing = new AbortController();
  const matchers = createMatchers();
  /** Up to when a schedule's ticks are dealt with. */
  const doneUntil = new Map<string, number>();
  const failing = new Map<string, string>();
  const look = async ({ name, cron, run }: RemediationSchedule, now: number): Promise<void> => {
    const done = doneUntil.get(name) ?? Number.NEGATIVE_INFINITY;
    const after = done - now > believedSetBackMs ? now - minuteMs : Math.max(done, now - madeUpWithinMs);
    if (after >= now) return;
    const tick = matchers.lastTick(cron, after, now);
    if (tick !== undefined) {
      await run(new Date(tick).toISOString());
      log.info('schedule ticked', { schedule: name, tick: new Date(tick).toISOString(), late: tick < now });
    }
    doneUntil.set(name, now);
    failing.delete(name);
  };
  const lookAtAll = async (): Promise<void> => {
    const now = Math.floor(clock.now() / minuteMs) * minuteMs;
    for (const schedule of schedules()) {
      try {
        await look(schedule, now);
      } catch (thrown) {
        const problem = messageOf(thrown);
        if (failing.get(schedule.name) !== problem)
          log.error('schedule could not begin what is due; it is tried every minute', {
            schedule: schedule.name,
            problem,
          });
        failing.set(schedule.name, problem);
      }
    }
  };
  const loop = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await lookAtAll();
      await clock.sleep(minuteMs - (clock.now() % minuteMs), closing.signal).catch(() => undefined);
    }
  };
  const ended = loop();
  return {
    async close() {
      closing.abort();
      await ended;
      matchers.close();
    },
  };
}

interface Matchers {
  /** The last tick later than `after` and not later than `until`, both Unix time in milliseconds; `until` is a full minute. */
  lastTick(cron: string, after: number, until: number): number | undefined;
  close(): void;
}

function createMatchers(): Matchers {
  const known = new Map<string, { readonly isTick: (at: number) => boolean; readonly forget: () => void }>();
  const matcher = (cron: string) => {
    const found = known.get(cron);
    if (found !== undefined) return found;
    const task = createTask(cron, () => undefined, { timezone: 'UTC' });
    const minutes = new Set(parse(cron).minute);
    const made = {
      // Most minutes are told by a look into the set; the rest costs 20 µs.
      isTick: (at: number) => minutes.has(new Date(at).getUTCMinutes()) && task.match(new Date(at)),
      forget: () => void task.destroy(),
    };
    known.set(cron, made);
    return made;
  };
  return {
    lastTick(cron, after, until) {
      const { isTick } = matcher(cron);
      for (let at = until; at > after; at -= minuteMs) if (isTick(at)) return at;
      return undefined;
    },
    close() {
      for (const { forget } of known.values()) forget();
    },
  };
}
