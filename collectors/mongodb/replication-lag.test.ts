import { describe, expect, it } from 'vitest';
import { timestamp } from '../../tests/support/mongod/commands/optime.ts';
import { parseReplicaStatus, type ReplicaStatus } from './replica-status.ts';
import { type Lag, ReplicationLag } from './replication-lag.ts';

const hour = 3_600_000;
/** When the servers were asked. */
const now = Date.UTC(2026, 5, 1, 12);

interface Said {
  readonly state?: number;
  /** Date of the last applied operation: to the millisecond, or in whole seconds only. */
  readonly wall?: number;
  /** Its place within the term: seconds of its timestamp. */
  readonly ts?: number;
  readonly date?: number;
  readonly term?: number;
  /** Milliseconds since it heard from the primary. */
  readonly heardAgo?: number;
}

/** As replSetGetStatus says it; `atMs` is our own clock. */
function said({ state = 2, wall, ts, date, term = 4, heardAgo = 500 }: Said, atMs: number): ReplicaStatus {
  return parseReplicaStatus(
    {
      myState: state,
      term,
      date: new Date(now),
      optimes: {
        ...(wall === undefined ? {} : { lastAppliedWallTime: new Date(wall) }),
        ...(ts === undefined ? {} : { appliedOpTime: { ts: timestamp(ts * 1_000), t: term } }),
      },
      members: [
        { name: 'replica:1', self: true, ...(date === undefined ? {} : { optimeDate: new Date(date) }) },
        {
          name: 'Primary:1',
          lastHeartbeat: new Date(now - heardAgo),
          lastHeartbeatRecv: new Date(now - heardAgo),
        },
      ],
    },
    'replica:1',
    atMs,
  );
}

interface Poll {
  /** On our clock. */
  readonly at: number;
  readonly primary: Said;
  readonly replica: Said;
}

/** The lag after the last of these polls. */
function after(polls: readonly Poll[], delaySeconds = 0): Lag | undefined {
  const lag = new ReplicationLag();
  let latest: Lag | undefined;
  for (const { at, primary, replica } of polls) {
    const status = said({ state: 1, ...primary }, at);
    lag.addPrimary('primary:1', status);
    const asked = { name: 'replica:1', status: said(replica, at + 2), delaySeconds };
    latest = lag.measure(asked, { name: 'primary:1', status }, 2_000);
  }
  return latest;
}

describe('ReplicationLag', () => {
  it('is the time between the last operations of primary and replica, to the millisecond', () => {
    expect(after([{ at: 0, primary: { wall: now }, replica: { wall: now - 1_250 } }])).toEqual({
      seconds: 1.25,
    });
  });

  it('is never negative, though a replica is asked later and may have more', () => {
    expect(after([{ at: 0, primary: { wall: now }, replica: { wall: now + 40 } }])).toEqual({ seconds: 0 });
  });

  it('says nothing of the 67 hours in which an idle set wrote nothing', () => {
    const idle = now - 67 * hour;

    expect(after([{ at: 0, primary: { date: idle }, replica: { date: idle } }])).toEqual({ seconds: 0 });
  });

  it('is not the ten seconds between two empty writes of an idle set', () => {
    const lag = after([
      { at: 0, primary: { wall: now - 10_000 }, replica: { wall: now - 10_000 } },
      { at: 9_500, primary: { wall: now - 10_000 }, replica: { wall: now - 10_000 } },
      { at: 10_000, primary: { wall: now }, replica: { wall: now - 10_000 } },
    ]);

    expect(lag).toEqual({ seconds: 0.502 });
  });

  it('grows while a replica applies nothing', () => {
    const stuck = now - 30_000;
    const lag = after([
      { at: 0, primary: { wall: now - 30_000 }, replica: { wall: stuck } },
      { at: 15_000, primary: { wall: now - 15_000 }, replica: { wall: stuck } },
      { at: 30_000, primary: { wall: now }, replica: { wall: stuck } },
    ]);

    expect(lag).toEqual({ seconds: 30 });
  });

  it('leaves out the delay that was configured', () => {
    expect(after([{ at: 0, primary: { wall: now }, replica: { wall: now - 3_603_000 } }], 3_600)).toEqual({
      seconds: 3,
    });
    expect(after([{ at: 0, primary: { wall: now }, replica: { wall: now - 3_599_000 } }], 3_600)).toEqual({
      seconds: 0,
    });
  });

  it('compares whole seconds with whole seconds when one of the two is older than 5.0', () => {
    const lag = after([{ at: 0, primary: { wall: now + 999, date: now }, replica: { date: now } }]);

    expect(lag).toEqual({ seconds: 0 });
  });

  it.each([
    ['a member that is being made', { state: 5, date: 0 }, 'state'],
    ['a date of 0', { date: 0 }, 'no_optime'],
    ['a member that rolls back', { state: 9, wall: now }, 'state'],
    ['a member that was removed', { state: 10, wall: now }, 'state'],
  ] as const)('is unknown for %s', (_what, replica, reason) => {
    expect(after([{ at: 0, primary: { date: now, wall: now }, replica }])).toEqual({ unknown: reason });
  });

  it('is unknown when a replica heard nothing for three heartbeats and stands still', () => {
    const still = { wall: now - 5_000, heardAgo: 6_001 };
    const poll = (at: number): Poll => ({ at, primary: { wall: now }, replica: still });

    expect(after([poll(0)])).toEqual({ unknown: 'stale_heartbeat' });
    expect(after([poll(0), poll(15_000)])).toEqual({ unknown: 'stale_heartbeat' });
  });

  it('is known of a replica that heard nothing from the primary and yet applies, from another replica', () => {
    const lag = after([
      { at: 0, primary: { wall: now - 15_000 }, replica: { wall: now - 17_000, heardAgo: 60_000 } },
      { at: 15_000, primary: { wall: now }, replica: { wall: now - 2_000, heardAgo: 75_000 } },
    ]);

    expect(lag).toEqual({ seconds: 2 });
  });

  it('forgets what an earlier primary showed, whose last operations may have been rolled back', () => {
    const lag = new ReplicationLag();
    lag.addPrimary('old:1', said({ state: 1, wall: now - 20_000, term: 4 }, 0));
    const status = said({ state: 1, wall: now, term: 5 }, 10_000);
    lag.addPrimary('primary:1', status);
    const replica = { name: 'replica:1', status: said({ wall: now - 20_000 }, 10_001), delaySeconds: 0 };

    expect(lag.measure(replica, { name: 'primary:1', status }, 2_000)).toEqual({ seconds: 20 });
  });

  it('grows for a replica that applies nothing though the clock of its primary was set back', () => {
    const stuck = { wall: now, ts: now / 1000 };
    const lag = after([
      { at: 0, primary: { wall: now, ts: now / 1000 }, replica: stuck },
      { at: 15_000, primary: { wall: now - 40_000, ts: now / 1000 + 1 }, replica: stuck },
      { at: 30_000, primary: { wall: now - 25_000, ts: now / 1000 + 2 }, replica: stuck },
    ]);

    expect(lag).toEqual({ seconds: 30.002 });
  });

  it('is unknown when a replica bears a later time than its primary and lacks what that wrote', () => {
    const lag = after([
      { at: 0, primary: { wall: now - 40_000, ts: now / 1000 + 1 }, replica: { wall: now, ts: now / 1000 } },
    ]);

    expect(lag).toEqual({ unknown: 'clocks' });
  });

  it('is none on a busy set, whose operations bear times that are not quite in order', () => {
    const replica = { wall: now, ts: now / 1000 };
    const poll = (at: number): Poll => ({ at, primary: { wall: now - 3, ts: now / 1000 + 1 }, replica });

    expect(after([poll(0), poll(15_000)])).toEqual({ seconds: 0 });
  });
});
