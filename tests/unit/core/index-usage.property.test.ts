import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  foldIndexUsage,
  type IndexUse,
  longestBlindMs,
  type MemberIndexUsage,
  mostGaps,
} from '../../../src/core/index-usage.ts';

/** What happens to one index of a server, and when somebody looks. */
type Event = { readonly kind: 'use' | 'reset' | 'read'; readonly afterMs: number };

interface Look {
  readonly at: number;
  readonly use: IndexUse;
  /** When the index was really used up to now. */
  readonly realUses: readonly number[];
}

/** A server that counts, is reset, and is read from time to time. */
function watch(events: readonly Event[], saysLastUse: boolean): { looks: Look[]; resets: number[] } {
  let now = 0;
  let scans = 0;
  let epoch = 0;
  let lastUsedAt: number | undefined;
  let usage: MemberIndexUsage | undefined;
  const realUses: number[] = [];
  const resets: number[] = [];
  const looks: Look[] = [];
  for (const { kind, afterMs } of events) {
    now += afterMs;
    if (kind === 'use') {
      scans += 1;
      lastUsedAt = now;
      realUses.push(now);
    } else if (kind === 'reset') {
      scans = 0;
      epoch += 1;
      lastUsedAt = undefined;
      resets.push(now);
    } else {
      const said = saysLastUse && lastUsedAt !== undefined ? { lastUsedAt } : {};
      usage = foldIndexUsage(usage, {
        cluster: 'c',
        member: 'm',
        generation: '1',
        database: 'd',
        at: now,
        indexes: [{ key: 'i', scans, epoch: String(epoch), ...said }],
      });
      const use = usage.indexes.get('i');
      if (use !== undefined) looks.push({ at: now, use, realUses: [...realUses] });
    }
  }
  return { looks, resets };
}

const events = fc.array(
  fc.record({
    kind: fc.constantFrom('use', 'reset', 'read', 'read', 'read'),
    afterMs: fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 2 * longestBlindMs })),
  }),
  { maxLength: 60 },
);

const runs = { numRuns: 2_000 };

describe('foldIndexUsage, whatever happens', () => {
  it('shows every use within the watch, but for those lost to a restart between two close readings', () => {
    fc.assert(
      fc.property(events, fc.boolean(), (happened, saysLastUse) => {
        const { looks, resets } = watch(happened, saysLastUse);
        for (const { at, use, realUses } of looks) {
          const readings = looks.map((look) => look.at).filter((time) => time <= at);
          const unseen = realUses.filter(
            (time) => time > use.watchedSince && time > (use.lastUsedAt ?? Number.NEGATIVE_INFINITY),
          );
          for (const time of unseen) {
            const before = readings.findLast((reading) => reading <= time) ?? 0;
            const after = readings.find((reading) => reading >= time) ?? at;
            expect(resets.some((reset) => reset >= time && reset <= after)).toBe(true);
            expect(after - before).toBeLessThanOrEqual(longestBlindMs);
          }
        }
      }),
      runs,
    );
  });

  it('never counts less than nothing nor more than there was', () => {
    fc.assert(
      fc.property(events, fc.boolean(), (happened, saysLastUse) => {
        for (const { use, realUses } of watch(happened, saysLastUse).looks) {
          expect(use.scansSeen).toBeGreaterThanOrEqual(0);
          expect(use.scansSeen).toBeLessThanOrEqual(realUses.length);
        }
      }),
      runs,
    );
  });

  it('never moves the start of a watch back, nor the last use, and bears few gaps', () => {
    fc.assert(
      fc.property(events, fc.boolean(), (happened, saysLastUse) => {
        let before: Look | undefined;
        for (const look of watch(happened, saysLastUse).looks) {
          expect(look.use.watchedSince).toBeGreaterThanOrEqual(before?.use.watchedSince ?? 0);
          expect(look.use.watchedSince).toBeLessThanOrEqual(look.at);
          expect(look.use.lastUsedAt ?? 0).toBeGreaterThanOrEqual(before?.use.lastUsedAt ?? 0);
          expect(look.use.gaps?.length ?? 0).toBeLessThanOrEqual(mostGaps);
          before = look;
        }
      }),
      runs,
    );
  });
});
