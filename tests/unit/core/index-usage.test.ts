import { describe, expect, it } from 'vitest';
import {
  foldIndexUsage,
  type IndexCount,
  type IndexUsageReading,
  type MemberIndexUsage,
} from '../../../src/core/index-usage.ts';

const minute = 60_000;
const day = 86_400_000;

function fold(...readings: readonly Partial<IndexUsageReading>[]): MemberIndexUsage | undefined {
  let usage: MemberIndexUsage | undefined;
  for (const part of readings) {
    usage = foldIndexUsage(usage, {
      cluster: 'postgres:1',
      member: 'primary',
      generation: '1',
      database: 'shop',
      at: 0,
      indexes: [],
      ...part,
    });
  }
  return usage;
}

function one(scans: number, epoch = 'e1', lastUsedAt?: number): { readonly indexes: readonly IndexCount[] } {
  return { indexes: [{ key: 'i', scans, epoch, ...(lastUsedAt === undefined ? {} : { lastUsedAt }) }] };
}

const useOf = (usage: MemberIndexUsage | undefined) => usage?.indexes.get('i');

describe('foldIndexUsage', () => {
  it('watches an index from its first reading, whatever was counted before', () => {
    const usage = fold({ at: 5 * day, ...one(1_000, 'e1', 4 * day) });

    expect(useOf(usage)).toMatchObject({ watchedSince: 5 * day, scansSeen: 0, lastUsedAt: 4 * day });
  });

  it('adds up what was scanned and notes when', () => {
    const usage = fold({ at: 0, ...one(10) }, { at: minute, ...one(13) }, { at: 2 * minute, ...one(13) });

    expect(useOf(usage)).toMatchObject({ watchedSince: 0, scansSeen: 3, lastUsedAt: minute });
  });

  it("believes the server's own time of the last use", () => {
    const usage = fold({ at: 0, ...one(10) }, { at: minute, ...one(11, 'e1', 20_000) });

    expect(useOf(usage)?.lastUsedAt).toBe(20_000);
  });

  it('notes a use that only the time of the last use shows', () => {
    const usage = fold({ at: 0, ...one(10) }, { at: minute, ...one(10, 'e1', 20_000) });

    expect(useOf(usage)).toMatchObject({ lastUsedAt: 20_000, scansSeen: 0 });
  });

  it('remembers the last use when a reset makes the server forget it', () => {
    const usage = fold({ at: 0, ...one(10, 'e1', -minute) }, { at: minute, ...one(0, 'e2') });

    expect(useOf(usage)).toMatchObject({ lastUsedAt: -minute, watchedSince: 0, gaps: [minute] });
  });

  it('keeps the watch over a reset between two readings that are close', () => {
    const usage = fold({ at: 0, ...one(10) }, { at: 15 * minute, ...one(2, 'e2') });

    expect(useOf(usage)).toMatchObject({ watchedSince: 0, scansSeen: 2, lastUsedAt: 15 * minute });
  });

  it('starts the watch again when a reset fell into a longer gap', () => {
    const usage = fold(
      { at: 0, ...one(10) },
      { at: minute, ...one(11) },
      { at: 17 * minute, ...one(0, 'e2') },
    );

    expect(useOf(usage)).toMatchObject({ watchedSince: 17 * minute, scansSeen: 0 });
    expect(useOf(usage)?.gaps).toBeUndefined();
  });

  it('takes a counter that fell for a restart, even in the same epoch', () => {
    const usage = fold({ at: 0, ...one(10) }, { at: minute, ...one(4) });

    expect(useOf(usage)).toMatchObject({ scansSeen: 4, gaps: [minute], lastUsedAt: minute });
  });

  it('loses nothing in a gap without a reset, however long', () => {
    const usage = fold({ at: 0, ...one(10) }, { at: 30 * day, ...one(10) });

    expect(useOf(usage)?.watchedSince).toBe(0);
  });

  it('starts the watch again at the oldest restart when there are more than three', () => {
    const usage = fold(
      { at: 0, ...one(1, 'e0') },
      ...[1, 2, 3, 4].map((n) => ({ at: n * minute, ...one(0, `e${n}`) })),
    );

    expect(useOf(usage)).toMatchObject({ watchedSince: minute, gaps: [2 * minute, 3 * minute, 4 * minute] });
  });

  it('gives back the very same object when nothing changed', () => {
    const before = fold({ at: 0, ...one(10, 'e1', -1) });

    const after = foldIndexUsage(before, {
      cluster: 'postgres:1',
      member: 'primary',
      generation: '1',
      database: 'shop',
      at: minute,
      ...one(10, 'e1', -1),
    });

    expect(after.at).toBe(minute);
    expect(useOf(after)).toBe(useOf(before));
  });

  it('forgets an index that is gone', () => {
    expect(fold({ ...one(1) }, { at: minute, indexes: [] })?.indexes.size).toBe(0);
  });

  it('takes the generation of the latest reading', () => {
    expect(fold({ generation: '1' }, { generation: '2' })?.generation).toBe('2');
  });

  it('remembers for 400 days by which names members knew each other', () => {
    const usage = fold(
      { at: 0, links: { names: ['a'], sees: ['slot:x'] } },
      { at: day, links: { names: ['b'], sees: ['slot:y'] } },
      { at: 2 * day },
    );

    expect(usage?.links).toEqual({
      names: ['b'],
      sees: ['slot:y'],
      lastBorne: { a: 0, b: day },
      lastSeen: { 'slot:x': 0, 'slot:y': day },
    });
    expect(
      fold({ at: 0, links: { names: ['a'], sees: [] } }, { at: 400 * day, links: { names: ['b'], sees: [] } })
        ?.links?.lastBorne,
    ).toEqual({ b: 400 * day });
  });
});
