import { describe, expect, it } from 'vitest';
import { type ReplicaSample, ReplicationLag } from './replication-lag.ts';

const name = '10.0.0.2:6379';

/** A primary that is asked every half second, as told: [time in ms, its offset, the replica's offset]. */
function follow(
  samples: readonly (readonly [number, number, number | undefined])[],
  replica: Partial<ReplicaSample> = {},
): ReplicationLag {
  const lag = new ReplicationLag();
  for (const [atMs, offset, acked] of samples) {
    const sampled = { name, online: true, silentSeconds: 0, offset: acked, ...replica };
    lag.add({ atMs, stream: 'a', offset, replicas: [sampled] });
  }
  return lag;
}

/** 1,000 bytes a second. */
function steady(untilMs: number, acked: (atMs: number) => number | undefined): ReplicationLag {
  const samples: [number, number, number | undefined][] = [];
  for (let atMs = 0; atMs <= untilMs; atMs += 500) samples.push([atMs, 10_000 + atMs, acked(atMs)]);
  return follow(samples);
}

describe('ReplicationLag', () => {
  it('is 0 for a replica that has everything, at the first look already', () => {
    const lag = follow([[0, 10_000, 10_000]]);

    expect(lag.lags(0)).toEqual([{ replica: name, bytes: 0, seconds: 0 }]);
  });

  it('is unknown in seconds while no history reaches back, and known in bytes', () => {
    const lag = follow([[0, 10_000, 4_000]]);

    expect(lag.lags(0)).toEqual([{ replica: name, bytes: 6_000, seconds: undefined }]);
  });

  it('is 0 under steady writes when each acknowledgement covers all of the look before', () => {
    // Acknowledged each second, a quarter of a second before we look.
    const lag = steady(10_000, (atMs) => 10_000 + Math.floor(atMs / 1_000) * 1_000 - 250);

    expect(lag.lags(10_000)).toEqual([{ replica: name, bytes: 250, seconds: 0 }]);
  });

  it('tells a steady lag from the history of the offset', () => {
    const lag = steady(20_000, (atMs) => 10_000 + Math.floor(atMs / 1_000) * 1_000 - 4_000);

    expect(lag.lags(20_000)).toEqual([{ replica: name, bytes: 4_000, seconds: 4 }]);
  });

  it('holds the last lag between two acknowledgements', () => {
    const lag = steady(20_500, (atMs) => 10_000 + Math.floor(atMs / 1_000) * 1_000 - 4_000);

    expect(lag.lags(20_500)[0]?.seconds).toBe(4);
  });

  it('grows with the clock once a replica has stopped to acknowledge', () => {
    const frozenAt = 5_000;
    const acked = (atMs: number): number => 10_000 + Math.min(atMs, frozenAt);

    const seconds = [7_000, 7_500, 9_000, 30_000].map(
      (untilMs) => steady(untilMs, acked).lags(untilMs)[0]?.seconds,
    );

    expect(seconds).toEqual([0, 2.5, 4, 25]);
  });

  it('ignores the age of acknowledgements that the server calls lag', () => {
    const lag = follow(
      [
        [0, 10_000, 10_000],
        [500, 10_000, 10_000],
      ],
      { silentSeconds: 1 },
    );

    expect(lag.lags(500)[0]?.seconds).toBe(0);
  });

  it('stays 0 on an idle primary whose pings move the offset a little', () => {
    const lag = follow([
      [0, 10_000, 10_000],
      [500, 10_000, 10_000],
      [20_000, 10_000, 10_000],
      [20_500, 10_014, 10_000],
    ]);

    expect(lag.lags(20_500)).toEqual([{ replica: name, bytes: 14, seconds: 0 }]);
  });

  it('claims nothing of a replica that has everything but is not heard any more', () => {
    const lag = follow(
      [
        [0, 10_000, 10_000],
        [500, 10_000, 10_000],
      ],
      { silentSeconds: 7 },
    );

    expect(lag.lags(500)).toEqual([{ replica: name, bytes: 0, seconds: undefined }]);
  });

  it('grows for the very first write, which a frozen replica never acknowledges', () => {
    const lag = follow([
      [0, 0, 0],
      [500, 0, 0],
      [1_000, 80, undefined],
      [1_500, 80, undefined],
      [2_000, 80, undefined],
      [2_500, 80, undefined],
      [3_000, 80, undefined],
    ]);

    expect(lag.lags(3_000)).toEqual([{ replica: name, bytes: 80, seconds: 2.5 }]);
  });

  it('knows nothing while a replica is synchronised or has not acknowledged yet', () => {
    const syncing = follow([[0, 10_000, 10_000]], { online: false });
    const silent = follow([[0, 10_000, undefined]]);

    expect(syncing.lags(0)).toEqual([{ replica: name, bytes: undefined, seconds: undefined }]);
    expect(silent.lags(0)).toEqual([{ replica: name, bytes: undefined, seconds: undefined }]);
  });

  it('does not tell from a gap longer than the resolution, until it hardly matters', () => {
    const gap: (readonly [number, number, number])[] = [
      [0, 10_000, 10_000],
      [3_000, 16_000, 13_000],
      [3_500, 16_000, 13_000],
      [5_000, 16_000, 13_000],
      [5_500, 16_000, 13_000],
    ];
    const later: (readonly [number, number, number])[] = [];
    for (let atMs = 6_000; atMs <= 70_000; atMs += 500) later.push([atMs, 16_000, 13_000]);

    expect(follow(gap).lags(5_500)[0]?.seconds).toBeUndefined();
    expect(follow([...gap, ...later]).lags(70_000)[0]?.seconds).toBe(68.5);
  });

  it('is unknown when the last look is older than the resolution', () => {
    const lag = follow([[0, 10_000, 10_000]]);

    expect(lag.lags(1_000)[0]?.seconds).toBe(0);
    expect(lag.lags(1_001)[0]?.seconds).toBeUndefined();
  });

  it('forgets a replica that has left, and all history of another stream', () => {
    const lag = steady(5_000, () => 12_000);

    lag.add({ atMs: 5_500, stream: 'a', offset: 15_500, replicas: [] });
    const left = lag.lags(5_500);
    lag.add({
      atMs: 6_000,
      stream: 'b',
      offset: 16_000,
      replicas: [{ name, online: true, offset: 15_000, silentSeconds: 0 }],
    });

    expect(left).toEqual([]);
    expect(lag.lags(6_000)[0]).toEqual({ replica: name, bytes: 1_000, seconds: undefined });
  });

  it('remembers hours within a twentieth, in little memory', () => {
    const hour = 3_600_000;
    const lag = steady(6 * hour, (atMs) => 10_000 + Math.min(atMs, hour));

    const seconds = lag.lags(6 * hour)[0]?.seconds ?? 0;

    expect(seconds).toBeGreaterThan(5 * 3_600 * 0.98);
    expect(seconds).toBeLessThan(5 * 3_600 * 1.02);
    expect(lag.points).toBeLessThan(2_000);
  });

  it('tells how far somebody is behind whom the primary does not list any more', () => {
    const lag = steady(20_000, (atMs) => 10_000 + atMs);

    expect(lag.secondsBehind('a', 22_000, 20_000)).toBe(8);
    expect(lag.secondsBehind('other', 22_000, 20_000)).toBeUndefined();
    expect(lag.secondsBehind('a', 30_000, 20_000)).toBeUndefined();
    expect(lag.secondsBehind('a', 5, 20_000)).toBeUndefined();
  });
});
