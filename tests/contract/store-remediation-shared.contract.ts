import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RemediationRecords } from '../../src/core/ports/remediation-records.ts';
import { checkAudit, emptyAudit } from '../../src/core/remediation/audit-chain.ts';
import { newYear } from './objective-records.ts';
import { expectUnbrokenAudit, type RecordsPlace, sha256 } from './records-place.ts';
import { approval, draft, run } from './remediation-records.ts';

/** What agents share: switches, the audit, leases, and what happens when two do something at once. */
export function describeSharedRecords(place: RecordsPlace): void {
  describeSwitches(place);
  describeAudit(place);
  describeLeases(place);
  describeTwoCallers(place);
}

function describeSwitches(place: RecordsPlace): void {
  describe('switches', () => {
    it('keeps an action disabled until a person enables it', async () => {
      const disabled = {
        target: 'orders',
        action: 'drop_unused_index',
        runId: 'r-1',
        at: newYear,
        reason: 'slower',
      };
      await place.records.disableAction(
        { ...disabled, reason: 'first' },
        draft({ event: 'action_disabled' }),
      );
      await place.records.disableAction(disabled, draft({ event: 'action_disabled' }));
      await place.records.disableAction({ ...disabled, target: 'blog' }, draft({ event: 'action_disabled' }));
      await place.reopen();

      expect(await place.records.disabledActions()).toHaveLength(2);
      expect(await place.records.disabledActions()).toContainEqual(disabled);
      expect(
        await place.records.enableAction('blog', 'drop_unused_index', draft({ event: 'action_enabled' })),
      ).toBe(true);
      expect(
        await place.records.enableAction('blog', 'drop_unused_index', draft({ event: 'action_enabled' })),
      ).toBe(false);
      await place.reopen();
      expect(await place.records.disabledActions()).toEqual([disabled]);
      await expectUnbrokenAudit(place.records, 4);
    });

    it('stays paused until it is resumed', async () => {
      expect(await place.records.paused()).toBeUndefined();
      const pause = { by: 'ana', at: newYear, reason: 'maintenance' };

      await place.records.setPaused({ ...pause, by: 'ben' }, draft({ event: 'paused' }));
      await place.records.setPaused(pause, draft({ event: 'paused' }));
      await place.reopen();
      expect(await place.records.paused()).toEqual(pause);

      await place.records.setPaused(undefined, draft({ event: 'resumed' }));
      await place.reopen();
      expect(await place.records.paused()).toBeUndefined();
      await expectUnbrokenAudit(place.records, 3);
    });
  });
}

function describeAudit(place: RecordsPlace): void {
  describe('audit', () => {
    it('is empty at first', async () => {
      expect(await place.records.auditHead()).toEqual(emptyAudit);
      expect(await place.records.audit(1, 10)).toEqual([]);
    });

    it('chains lines without gaps, however many are appended at once', async () => {
      const statements = [`DROP INDEX CONCURRENTLY "o'\\\n\u0000${'ж'.repeat(31)}"`];
      const lines = Array.from({ length: 20 }, (_unused, index) =>
        place.records.appendAudit(
          draft({ at: newYear + index / 3, statements, detail: { [`__proto__`]: index, none: null } }),
        ),
      );

      const entries = await Promise.all(lines);
      await place.reopen();

      await expectUnbrokenAudit(place.records, 20);
      const all = await place.records.audit(1, 20);
      expect(entries.toSorted((one, other) => one.sequence - other.sequence)).toEqual(all);
      expect(all[0]?.statements).toEqual(statements);
      expect((await place.records.audit(7, 3)).map(({ sequence }) => sequence)).toEqual([7, 8, 9]);
      await place.records.appendAudit(draft());
      await expectUnbrokenAudit(place.records, 21);
    });

    it('refuses a line whose time is no number', async () => {
      await expect(place.records.appendAudit(draft({ at: Number.NaN }))).rejects.toThrow(RangeError);
      await expectUnbrokenAudit(place.records, 0);
    });
  });
}

function describeLeases(place: RecordsPlace): void {
  describe('leases', () => {
    it('has one holder at a time, until it expires or is released', async () => {
      const first = await place.lease();
      expect(
        await place.records.takeLease('target:orders', 'agent-2', newYear + 59_999, 60_000),
      ).toBeUndefined();
      expect(await place.records.takeLease('target:orders', 'agent-1', newYear + 1, 60_000)).toBeUndefined();
      expect(await place.records.takeLease('target:blog', 'agent-2', newYear + 1, 60_000)).toBeDefined();

      await place.records.releaseLease(first);

      const second = await place.records.takeLease('target:orders', 'agent-2', newYear + 2, 60_000);
      expect(second).toEqual({
        name: 'target:orders',
        holder: 'agent-2',
        fence: first.fence + 1,
        expiresAt: newYear + 60_002,
      });
    });

    it('lasts longer when it is renewed, and not when it is somebody else’s by now', async () => {
      const first = await place.lease();
      expect(await place.records.renewLease(first, newYear + 50_000, 60_000)).toBe(true);
      expect(
        await place.records.takeLease('target:orders', 'agent-2', newYear + 109_999, 60_000),
      ).toBeUndefined();

      const second = await place.records.takeLease('target:orders', 'agent-2', newYear + 110_000, 60_000);

      expect(second?.fence).toBe(first.fence + 1);
      expect(await place.records.renewLease(first, newYear + 110_001, 60_000)).toBe(false);
      await place.records.releaseLease(first);
      expect(
        await place.records.takeLease('target:orders', 'agent-3', newYear + 110_002, 60_000),
      ).toBeUndefined();
    });

    it('is not renewed once it was released', async () => {
      const first = await place.lease();
      await place.records.releaseLease(first);

      expect(await place.records.renewLease(first, newYear + 1, 60_000)).toBe(false);
    });

    it('counts fences on over a restart', async () => {
      const first = await place.lease();
      await place.records.releaseLease(first);
      await place.reopen();

      expect((await place.lease()).fence).toBe(first.fence + 1);
    });

    it('goes to one of many who ask at once', async () => {
      const asked = Array.from({ length: 20 }, (_unused, index) =>
        place.records.takeLease('target:orders', `agent-${index}`, newYear, 60_000),
      );

      expect((await Promise.all(asked)).filter((one) => one !== undefined)).toHaveLength(1);
    });
  });
}

function describeTwoCallers(place: RecordsPlace): void {
  describe('two callers', () => {
    it('give every revision one winner and leave the chain unbroken, in any order', async () => {
      let world = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(move, { maxLength: 12 }), fc.scheduler(), async (moves, scheduler) => {
          world += 1;
          await expectOneWinner(place.records, moves, scheduler, world);
        }),
        { numRuns: place.isDurable ? 15 : 60 },
      );
    });
  });
}

interface Move {
  readonly kind: 'change' | 'approved' | 'rejected';
  readonly revision: number;
}

const move: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom('change', 'approved', 'rejected'),
  revision: fc.integer({ min: 1, max: 4 }),
});

/** Two callers make the moves in an order of the scheduler's: each revision is taken by at most one, each winner has one audit line. */
async function expectOneWinner(
  records: RemediationRecords,
  moves: readonly Move[],
  scheduler: fc.Scheduler,
  world: number,
): Promise<void> {
  const id = `r-world-${world}`;
  const planHash = sha256(id);
  const head = await records.auditHead();
  await records.claim(run({ id, state: 'waiting', planHash }));
  const won: (readonly [Move, number])[] = [];
  const make = scheduler.scheduleFunction(async (one: Move) => {
    const change = { updatedAt: newYear };
    const after =
      one.kind === 'change'
        ? await records.change(id, one.revision, change, draft())
        : await records.decide(
            approval({ runId: id, planHash, decision: one.kind }),
            { revision: one.revision, change },
            draft(),
          );
    if (after !== undefined) won.push([one, after.revision]);
  });

  const made = moves.map((one) => make(one));
  await scheduler.waitIdle();
  await Promise.all(made);

  const after = await records.run(id);
  expect(won.map(([, revision]) => revision).toSorted((one, other) => one - other)).toEqual(
    won.map((_unused, index) => index + 2),
  );
  for (const [one, revision] of won) expect(revision).toBe(one.revision + 1);
  expect(after?.revision).toBe(won.length + 1);
  const decided = won.filter(([{ kind }]) => kind !== 'change');
  expect(decided.length).toBeLessThanOrEqual(1);
  expect((await records.approval(planHash))?.decision).toBe(decided[0]?.[0].kind);
  const lines = await records.audit(head.sequence + 1, 1_000);
  expect(lines).toHaveLength(won.length);
  expect(checkAudit(head, lines, sha256)).toBeUndefined();
}
