import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease, RemediationRecords } from '../../src/core/ports/remediation-records.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { checkAudit, emptyAudit } from '../../src/core/remediation/audit-chain.ts';
import { newYear } from './objective-records.ts';
import { approval, draft, evidence, intent, plan, run } from './remediation-records.ts';
import type { StorePlace, StoreTraits } from './store.contract.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Checks the whole audit, and that it ends with the published head. */
export async function expectUnbrokenAudit(records: RemediationRecords, lines: number): Promise<void> {
  const all = await records.audit(1, lines + 1);
  expect(checkAudit(emptyAudit, all, sha256)).toBeUndefined();
  expect(all).toHaveLength(lines);
  const { sequence, hash } = all.at(-1) ?? emptyAudit;
  expect(await records.auditHead()).toEqual({ sequence, hash });
}

/** What the records of remediation keep their word on, whatever they are made of. */
export function describeRemediationRecords(
  name: string,
  createPlace: () => Promise<StorePlace>,
  traits: StoreTraits,
): void {
  let place: StorePlace;
  let store: Store;
  let records: RemediationRecords;

  beforeEach(async () => {
    place = await createPlace();
    store = await place.open();
    records = store.remediation;
  });

  afterEach(async () => {
    await store.close();
    await place[Symbol.asyncDispose]();
  });

  /** Reads again from disk where there is one. */
  async function reopen(): Promise<void> {
    if (!traits.isDurable) return;
    await store.close();
    store = await place.open();
    records = store.remediation;
  }

  async function lease(target = 'orders', at = newYear): Promise<Lease> {
    const taken = await records.takeLease(`target:${target}`, 'agent-1', at, 60_000);
    if (taken === undefined) throw new Error('the lease is held');
    return taken;
  }

  describe(`${name}: runs`, () => {
    it('knows nothing before the first run', async () => {
      expect(await records.run('r-000000000001')).toBeUndefined();
      expect(await records.runs({})).toEqual([]);
      expect(await records.countRuns()).toEqual([]);
      expect(await records.change('r-000000000001', 1, { updatedAt: 1 })).toBeUndefined();
    });

    it('keeps a run as it was claimed', async () => {
      const trigger = {
        kind: 'breach',
        key: `breach:o'"\\\n${'ж'.repeat(31)}`,
        text: 'index_hit_ratio of shop',
        breach: '00000000000000aa',
        only: { action: 'drop_unused_index', subject: 'public.i' },
      } as const;
      const claimed = run({
        trigger,
        action: 'drop_unused_index',
        subject: 'public.i',
        createdAt: newYear + 0.5,
      });

      expect(await records.claim(claimed)).toBe(true);
      await reopen();

      expect(await records.run(claimed.id)).toEqual(claimed);
      expect(await records.runs({ breach: '00000000000000aa' })).toEqual([claimed]);
    });

    it('gives a trigger to one of many who claim it', async () => {
      const trigger = { kind: 'schedule', key: 'schedule:index_review:2026-01-01', text: 'review' } as const;
      const claims = Array.from({ length: 20 }, (_unused, index) =>
        records.claim(run({ id: `r-${String(index).padStart(12, '0')}`, trigger })),
      );

      expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
      await reopen();
      expect(await records.claim(run({ id: 'r-999999999999', trigger }))).toBe(false);
      expect(await records.runs({})).toHaveLength(1);
    });

    it('finds runs by target, pipeline, state and breach, those changed last first', async () => {
      await records.claim(run({ id: 'r-a', updatedAt: newYear + 1 }));
      await records.claim(run({ id: 'r-b', updatedAt: newYear + 3, target: 'blog', state: 'kept' }));
      await records.claim(run({ id: 'r-c', updatedAt: newYear + 2, pipeline: 'cache', state: 'waiting' }));
      const found = async (filter: Parameters<RemediationRecords['runs']>[0]): Promise<string[]> =>
        (await records.runs(filter)).map(({ id }) => id);

      expect(await found({})).toEqual(['r-b', 'r-c', 'r-a']);
      expect(await found({ limit: 2 })).toEqual(['r-b', 'r-c']);
      expect(await found({ target: 'orders' })).toEqual(['r-c', 'r-a']);
      expect(await found({ pipeline: 'cache' })).toEqual(['r-c']);
      expect(await found({ states: ['kept', 'preparing'] })).toEqual(['r-b', 'r-a']);
      expect(await found({ states: [] })).toEqual([]);
      expect(await found({ breach: 'none' })).toEqual([]);
    });

    it('counts runs by pipeline and state', async () => {
      await records.claim(run({ id: 'r-a' }));
      await records.claim(run({ id: 'r-b' }));
      await records.claim(run({ id: 'r-c', pipeline: 'cache', state: 'waiting' }));

      const counts = await records.countRuns();

      expect(counts).toHaveLength(2);
      expect(counts).toEqual(
        expect.arrayContaining([
          { pipeline: 'index_management', state: 'preparing', count: 2 },
          { pipeline: 'cache', state: 'waiting', count: 1 },
        ]),
      );
    });

    it('changes what is named, and clears what is named as undefined', async () => {
      const before = run({ action: 'drop_unused_index', subject: 'i', planHash: 'b'.repeat(64) });
      await records.claim(before);

      const after = await records.change(before.id, 1, {
        state: 'waiting',
        reason: 'for a decision',
        planHash: undefined,
        since: newYear + 5,
        updatedAt: newYear + 5,
      });

      expect(after).toEqual({
        ...before,
        state: 'waiting',
        reason: 'for a decision',
        planHash: undefined,
        since: newYear + 5,
        updatedAt: newYear + 5,
        revision: 2,
      });
      await reopen();
      expect(await records.run(before.id)).toEqual(after);
      expect(await records.runs({ states: ['waiting'] })).toEqual([after]);
    });

    it('changes nothing, and audits nothing, when somebody was faster', async () => {
      await records.claim(run());
      await records.change(run().id, 1, { step: 'plan', updatedAt: newYear + 1 }, draft());

      const late = await records.change(
        run().id,
        1,
        { step: 'rehearse', updatedAt: newYear + 2 },
        draft({ outcome: 'late' }),
      );

      expect(late).toBeUndefined();
      expect((await records.run(run().id))?.step).toBe('plan');
      await expectUnbrokenAudit(records, 1);
    });

    it('lets one of many change a run', async () => {
      await records.claim(run());
      const changes = Array.from({ length: 20 }, (_unused, index) =>
        records.change(run().id, 1, { step: `s${index}`, updatedAt: newYear + index }, draft()),
      );

      const winners = (await Promise.all(changes)).filter((winner) => winner !== undefined);

      expect(winners).toHaveLength(1);
      expect(await records.run(run().id)).toEqual(winners[0]);
      await expectUnbrokenAudit(records, 1);
    });

    it('refuses times that are no numbers', async () => {
      await expect(records.claim(run({ since: Number.NaN }))).rejects.toThrow(RangeError);
      await records.claim(run());
      await expect(records.change(run().id, 1, { updatedAt: Number.POSITIVE_INFINITY })).rejects.toThrow(
        RangeError,
      );
      expect(await records.run(run().id)).toEqual(run());
    });
  });

  describe(`${name}: plans and decisions`, () => {
    it('keeps a plan exactly, so that its hash still fits', async () => {
      await records.savePlan(plan());
      await records.savePlan(plan());
      await reopen();

      const kept = await records.plan(plan().hash);

      expect(kept).toEqual(plan());
      expect(Object.keys(kept?.facts ?? {})).toContain('__proto__');
      expect(await records.plan('b'.repeat(64))).toBeUndefined();
    });

    it('keeps a decision together with the run and its audit line', async () => {
      await records.claim(run({ state: 'waiting', planHash: plan().hash }));

      const after = await records.decide(
        approval(),
        { revision: 1, change: { state: 'approved', updatedAt: newYear + 1 } },
        draft({ event: 'approved' }),
      );

      expect(after).toMatchObject({ state: 'approved', revision: 2 });
      await reopen();
      expect(await records.approval(plan().hash)).toEqual(approval());
      expect((await records.run(run().id))?.state).toBe('approved');
      await expectUnbrokenAudit(records, 1);
    });

    it('lets the first of two decisions count, also when they come at once', async () => {
      await records.claim(run({ state: 'waiting', planHash: plan().hash }));
      const decide = (by: string, decision: 'approved' | 'rejected', revision: number) =>
        records.decide(
          approval({ by, decision }),
          { revision, change: { state: decision, updatedAt: newYear + 1 } },
          draft({ event: decision, actor: by }),
        );

      const answers = await Promise.all([decide('ana', 'approved', 1), decide('ben', 'rejected', 1)]);

      expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
      expect(await decide('eve', 'approved', 2)).toBeUndefined();
      const [winner] = answers.filter((answer) => answer !== undefined);
      expect((await records.approval(plan().hash))?.decision).toBe(winner?.state);
      await expectUnbrokenAudit(records, 1);
    });

    it('takes no decision on a run that changed, or on another plan than the run has', async () => {
      await records.claim(run({ state: 'waiting', planHash: plan().hash }));
      const change = { state: 'approved', updatedAt: newYear + 1 } as const;

      expect(await records.decide(approval(), { revision: 2, change }, draft())).toBeUndefined();
      expect(
        await records.decide(approval({ planHash: 'b'.repeat(64) }), { revision: 1, change }, draft()),
      ).toBeUndefined();
      expect(
        await records.decide(approval({ runId: 'r-none' }), { revision: 1, change }, draft()),
      ).toBeUndefined();

      expect(await records.approval(plan().hash)).toBeUndefined();
      expect((await records.run(run().id))?.state).toBe('waiting');
      await expectUnbrokenAudit(records, 0);
    });
  });

  describe(`${name}: evidence`, () => {
    it('keeps the evidence of a run, oldest first, the same one once', async () => {
      await records.addEvidence(evidence({ id: 'e-2', at: newYear + 2 }));
      await records.addEvidence(evidence({ id: 'e-1', at: newYear + 1 }));
      await records.addEvidence(evidence({ id: 'e-2', at: newYear + 9 }));
      await records.addEvidence(evidence({ id: 'e-3', runId: 'r-other' }));
      await reopen();

      const kept = await records.evidence(run().id);

      expect(kept).toEqual([
        evidence({ id: 'e-1', at: newYear + 1 }),
        evidence({ id: 'e-2', at: newYear + 2 }),
      ]);
      expect(Object.keys(kept[0]?.body ?? {})).toContain('__proto__');
    });

    it('refuses evidence longer than 64 KiB', async () => {
      const body = { text: 'x'.repeat(64 * 1024) };

      await expect(records.addEvidence(evidence({ body }))).rejects.toThrow(
        /too many to keep, at most 65536/,
      );

      expect(await records.evidence(run().id)).toEqual([]);
    });
  });

  describe(`${name}: acts`, () => {
    it('writes the intent before and the outcome after, each with its audit line', async () => {
      const { fence } = await lease();
      const id = await records.intend(intent({ fence }), draft({ event: 'act_intended' }));
      const before = { id, ...intent({ fence }), outcome: undefined, outcomeAt: undefined, detail: '' };
      await reopen();

      expect(await records.acts({ unfinished: true })).toEqual([before]);
      await records.conclude(id, 'done', newYear + 9, 'in 7 s', draft({ event: 'act_ended' }));

      await reopen();
      expect(await records.acts({ unfinished: true })).toEqual([]);
      expect(await records.acts({})).toEqual([
        { ...before, outcome: 'done', outcomeAt: newYear + 9, detail: 'in 7 s' },
      ]);
      await expectUnbrokenAudit(records, 2);
    });

    it('writes an outcome once', async () => {
      const { fence } = await lease();
      const id = await records.intend(intent({ fence }), draft());
      await records.conclude(id, 'done', newYear + 9, '', draft());

      await expect(records.conclude(id, 'failed', newYear + 10, '', draft())).rejects.toThrow(
        /outcome is written once/,
      );
      await expect(records.conclude(id + 1, 'done', newYear + 10, '', draft())).rejects.toThrow();

      expect((await records.acts({}))[0]?.outcome).toBe('done');
      await expectUnbrokenAudit(records, 2);
    });

    it('finds acts by run, target and time, oldest first', async () => {
      await lease();
      await lease('blog');
      await records.intend(intent({ intentAt: newYear + 1 }), draft());
      await records.intend(intent({ intentAt: newYear + 2, target: 'blog' }), draft());
      await records.intend(intent({ intentAt: newYear + 3, runId: 'r-2' }), draft());
      const times = async (filter: Parameters<RemediationRecords['acts']>[0]): Promise<number[]> =>
        (await records.acts(filter)).map(({ intentAt }) => intentAt - newYear);

      expect(await times({})).toEqual([1, 2, 3]);
      expect(await times({ target: 'orders' })).toEqual([1, 3]);
      expect(await times({ runId: 'r-2' })).toEqual([3]);
      expect(await times({ since: newYear + 2 })).toEqual([2, 3]);
    });

    it('begins no act under a lease that somebody else took over, or without one', async () => {
      await expect(records.intend(intent(), draft())).rejects.toMatchObject({ name: 'FenceError' });
      const old = await lease();
      const taken = await records.takeLease('target:orders', 'agent-2', newYear + 60_000, 60_000);
      expect(taken?.fence).toBeGreaterThan(old.fence);

      await expect(records.intend(intent({ fence: old.fence }), draft())).rejects.toMatchObject({
        name: 'FenceError',
      });

      expect(await records.acts({})).toEqual([]);
      await expectUnbrokenAudit(records, 0);
      await records.intend(intent({ fence: taken?.fence ?? 0 }), draft());
      expect(await records.acts({})).toHaveLength(1);
    });
  });

  describe(`${name}: switches`, () => {
    it('keeps an action disabled until a person enables it', async () => {
      const disabled = {
        target: 'orders',
        action: 'drop_unused_index',
        runId: 'r-1',
        at: newYear,
        reason: 'slower',
      };
      await records.disableAction({ ...disabled, reason: 'first' }, draft({ event: 'action_disabled' }));
      await records.disableAction(disabled, draft({ event: 'action_disabled' }));
      await records.disableAction({ ...disabled, target: 'blog' }, draft({ event: 'action_disabled' }));
      await reopen();

      expect(await records.disabledActions()).toHaveLength(2);
      expect(await records.disabledActions()).toContainEqual(disabled);
      expect(
        await records.enableAction('blog', 'drop_unused_index', draft({ event: 'action_enabled' })),
      ).toBe(true);
      expect(
        await records.enableAction('blog', 'drop_unused_index', draft({ event: 'action_enabled' })),
      ).toBe(false);
      await reopen();
      expect(await records.disabledActions()).toEqual([disabled]);
      await expectUnbrokenAudit(records, 4);
    });

    it('stays paused until it is resumed', async () => {
      expect(await records.paused()).toBeUndefined();
      const pause = { by: 'ana', at: newYear, reason: 'maintenance' };

      await records.setPaused({ ...pause, by: 'ben' }, draft({ event: 'paused' }));
      await records.setPaused(pause, draft({ event: 'paused' }));
      await reopen();
      expect(await records.paused()).toEqual(pause);

      await records.setPaused(undefined, draft({ event: 'resumed' }));
      await reopen();
      expect(await records.paused()).toBeUndefined();
      await expectUnbrokenAudit(records, 3);
    });
  });

  describe(`${name}: audit`, () => {
    it('is empty at first', async () => {
      expect(await records.auditHead()).toEqual(emptyAudit);
      expect(await records.audit(1, 10)).toEqual([]);
    });

    it('chains lines without gaps, however many are appended at once', async () => {
      const statements = [`DROP INDEX CONCURRENTLY "o'\\\n\u0000${'ж'.repeat(31)}"`];
      const lines = Array.from({ length: 20 }, (_unused, index) =>
        records.appendAudit(
          draft({ at: newYear + index / 3, statements, detail: { [`__proto__`]: index, none: null } }),
        ),
      );

      const entries = await Promise.all(lines);
      await reopen();

      await expectUnbrokenAudit(records, 20);
      const all = await records.audit(1, 20);
      expect(entries.toSorted((one, other) => one.sequence - other.sequence)).toEqual(all);
      expect(all[0]?.statements).toEqual(statements);
      expect((await records.audit(7, 3)).map(({ sequence }) => sequence)).toEqual([7, 8, 9]);
      await records.appendAudit(draft());
      await expectUnbrokenAudit(records, 21);
    });

    it('refuses a line whose time is no number', async () => {
      await expect(records.appendAudit(draft({ at: Number.NaN }))).rejects.toThrow(RangeError);
      await expectUnbrokenAudit(records, 0);
    });
  });

  describe(`${name}: leases`, () => {
    it('has one holder at a time, until it expires or is released', async () => {
      const first = await lease();
      expect(await records.takeLease('target:orders', 'agent-2', newYear + 59_999, 60_000)).toBeUndefined();
      expect(await records.takeLease('target:orders', 'agent-1', newYear + 1, 60_000)).toBeUndefined();
      expect(await records.takeLease('target:blog', 'agent-2', newYear + 1, 60_000)).toBeDefined();

      await records.releaseLease(first);

      const second = await records.takeLease('target:orders', 'agent-2', newYear + 2, 60_000);
      expect(second).toEqual({
        name: 'target:orders',
        holder: 'agent-2',
        fence: first.fence + 1,
        expiresAt: newYear + 60_002,
      });
    });

    it('lasts longer when it is renewed, and not when it is somebody else’s by now', async () => {
      const first = await lease();
      expect(await records.renewLease(first, newYear + 50_000, 60_000)).toBe(true);
      expect(await records.takeLease('target:orders', 'agent-2', newYear + 109_999, 60_000)).toBeUndefined();

      const second = await records.takeLease('target:orders', 'agent-2', newYear + 110_000, 60_000);

      expect(second?.fence).toBe(first.fence + 1);
      expect(await records.renewLease(first, newYear + 110_001, 60_000)).toBe(false);
      await records.releaseLease(first);
      expect(await records.takeLease('target:orders', 'agent-3', newYear + 110_002, 60_000)).toBeUndefined();
    });

    it('is not renewed once it was released', async () => {
      const first = await lease();
      await records.releaseLease(first);

      expect(await records.renewLease(first, newYear + 1, 60_000)).toBe(false);
    });

    it('counts fences on over a restart', async () => {
      const first = await lease();
      await records.releaseLease(first);
      await reopen();

      expect((await lease()).fence).toBe(first.fence + 1);
    });

    it('goes to one of many who ask at once', async () => {
      const asked = Array.from({ length: 20 }, (_unused, index) =>
        records.takeLease('target:orders', `agent-${index}`, newYear, 60_000),
      );

      expect((await Promise.all(asked)).filter((one) => one !== undefined)).toHaveLength(1);
    });
  });

  describe(`${name}: two callers`, () => {
    it('give every revision one winner and leave the chain unbroken, in any order', async () => {
      let world = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(move, { maxLength: 12 }), fc.scheduler(), async (moves, scheduler) => {
          world += 1;
          await expectOneWinner(records, moves, scheduler, world);
        }),
        { numRuns: traits.isDurable ? 15 : 60 },
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
  expect(won.map(([, revision]) => revision).toSorted()).toEqual(won.map((_unused, index) => index + 2));
  for (const [one, revision] of won) expect(revision).toBe(one.revision + 1);
  expect(after?.revision).toBe(won.length + 1);
  const decided = won.filter(([{ kind }]) => kind !== 'change');
  expect(decided.length).toBeLessThanOrEqual(1);
  expect((await records.approval(planHash))?.decision).toBe(decided[0]?.[0].kind);
  const lines = await records.audit(head.sequence + 1, 1_000);
  expect(lines).toHaveLength(won.length);
  expect(checkAudit(head, lines, sha256)).toBeUndefined();
}
