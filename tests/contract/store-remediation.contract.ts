import { describe, expect, it } from 'vitest';
import type { RemediationRecords } from '../../src/core/ports/remediation-records.ts';
import { newYear } from './objective-records.ts';
import { expectUnbrokenAudit, RecordsPlace } from './records-place.ts';
import { approval, draft, evidence, intent, plan, run } from './remediation-records.ts';
import type { StorePlace, StoreTraits } from './store.contract.ts';
import { describeSharedRecords } from './store-remediation-shared.contract.ts';

/** What the records of remediation keep their word on, whatever they are made of. */
export function describeRemediationRecords(
  name: string,
  createPlace: () => Promise<StorePlace>,
  traits: StoreTraits,
): void {
  describe(`${name}: what remediation keeps`, () => {
    const place = new RecordsPlace(createPlace, traits);

    describeRuns(place);
    describeDecisions(place);
    describeActs(place);
    describeSharedRecords(place);
  });
}

function describeRuns(place: RecordsPlace): void {
  describe('runs', () => {
    it('knows nothing before the first run', async () => {
      expect(await place.records.run('r-000000000001')).toBeUndefined();
      expect(await place.records.runs({})).toEqual([]);
      expect(await place.records.countRuns()).toEqual([]);
      expect(await place.records.change('r-000000000001', 1, { updatedAt: 1 })).toBeUndefined();
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

      expect(await place.records.claim(claimed)).toBe(true);
      await place.reopen();

      expect(await place.records.run(claimed.id)).toEqual(claimed);
      expect(await place.records.runs({ breach: '00000000000000aa' })).toEqual([claimed]);
    });

    it('gives a trigger to one of many who claim it', async () => {
      const trigger = { kind: 'schedule', key: 'schedule:index_review:2026-01-01', text: 'review' } as const;
      const claims = Array.from({ length: 20 }, (_unused, index) =>
        place.records.claim(run({ id: `r-${String(index).padStart(12, '0')}`, trigger })),
      );

      expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
      await place.reopen();
      expect(await place.records.claim(run({ id: 'r-999999999999', trigger }))).toBe(false);
      expect(await place.records.runs({})).toHaveLength(1);
    });

    it('finds runs by target, pipeline, state and breach, those changed last first', async () => {
      await place.records.claim(run({ id: 'r-a', updatedAt: newYear + 1 }));
      await place.records.claim(run({ id: 'r-b', updatedAt: newYear + 3, target: 'blog', state: 'kept' }));
      await place.records.claim(
        run({ id: 'r-c', updatedAt: newYear + 2, pipeline: 'cache', state: 'waiting' }),
      );
      const found = async (filter: Parameters<RemediationRecords['runs']>[0]): Promise<string[]> =>
        (await place.records.runs(filter)).map(({ id }) => id);

      expect(await found({})).toEqual(['r-b', 'r-c', 'r-a']);
      expect(await found({ limit: 2 })).toEqual(['r-b', 'r-c']);
      expect(await found({ target: 'orders' })).toEqual(['r-c', 'r-a']);
      expect(await found({ pipeline: 'cache' })).toEqual(['r-c']);
      expect(await found({ states: ['kept', 'preparing'] })).toEqual(['r-b', 'r-a']);
      expect(await found({ states: [] })).toEqual([]);
      expect(await found({ breach: 'none' })).toEqual([]);
    });

    it('counts runs by pipeline and state', async () => {
      await place.records.claim(run({ id: 'r-a' }));
      await place.records.claim(run({ id: 'r-b' }));
      await place.records.claim(run({ id: 'r-c', pipeline: 'cache', state: 'waiting' }));

      const counts = await place.records.countRuns();

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
      await place.records.claim(before);

      const after = await place.records.change(before.id, 1, {
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
      await place.reopen();
      expect(await place.records.run(before.id)).toEqual(after);
      expect(await place.records.runs({ states: ['waiting'] })).toEqual([after]);
    });

    it('changes nothing, and audits nothing, when somebody was faster', async () => {
      await place.records.claim(run());
      await place.records.change(run().id, 1, { step: 'plan', updatedAt: newYear + 1 }, draft());

      const late = await place.records.change(
        run().id,
        1,
        { step: 'rehearse', updatedAt: newYear + 2 },
        draft({ outcome: 'late' }),
      );

      expect(late).toBeUndefined();
      expect((await place.records.run(run().id))?.step).toBe('plan');
      await expectUnbrokenAudit(place.records, 1);
    });

    it('lets one of many change a run', async () => {
      await place.records.claim(run());
      const changes = Array.from({ length: 20 }, (_unused, index) =>
        place.records.change(run().id, 1, { step: `s${index}`, updatedAt: newYear + index }, draft()),
      );

      const winners = (await Promise.all(changes)).filter((winner) => winner !== undefined);

      expect(winners).toHaveLength(1);
      expect(await place.records.run(run().id)).toEqual(winners[0]);
      await expectUnbrokenAudit(place.records, 1);
    });

    it('refuses times that are no numbers', async () => {
      await expect(place.records.claim(run({ since: Number.NaN }))).rejects.toThrow(RangeError);
      await place.records.claim(run());
      await expect(
        place.records.change(run().id, 1, { updatedAt: Number.POSITIVE_INFINITY }),
      ).rejects.toThrow(RangeError);
      expect(await place.records.run(run().id)).toEqual(run());
    });
  });
}

function describeDecisions(place: RecordsPlace): void {
  describe('plans and decisions', () => {
    it('keeps a plan exactly, so that its hash still fits', async () => {
      await place.records.savePlan(plan());
      await place.records.savePlan(plan());
      await place.reopen();

      const kept = await place.records.plan(plan().hash);

      expect(kept).toEqual(plan());
      expect(Object.keys(kept?.facts ?? {})).toContain('__proto__');
      expect(await place.records.plan('b'.repeat(64))).toBeUndefined();
    });

    it('keeps a decision together with the run and its audit line', async () => {
      await place.records.claim(run({ state: 'waiting', planHash: plan().hash }));

      const after = await place.records.decide(
        approval(),
        { revision: 1, change: { state: 'approved', updatedAt: newYear + 1 } },
        draft({ event: 'approved' }),
      );

      expect(after).toMatchObject({ state: 'approved', revision: 2 });
      await place.reopen();
      expect(await place.records.approval(plan().hash)).toEqual(approval());
      expect((await place.records.run(run().id))?.state).toBe('approved');
      await expectUnbrokenAudit(place.records, 1);
    });

    it('lets the first of two decisions count, also when they come at once', async () => {
      await place.records.claim(run({ state: 'waiting', planHash: plan().hash }));
      const decide = (by: string, decision: 'approved' | 'rejected', revision: number) =>
        place.records.decide(
          approval({ by, decision }),
          { revision, change: { state: decision, updatedAt: newYear + 1 } },
          draft({ event: decision, actor: by }),
        );

      const answers = await Promise.all([decide('ana', 'approved', 1), decide('ben', 'rejected', 1)]);

      expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
      expect(await decide('eve', 'approved', 2)).toBeUndefined();
      const [winner] = answers.filter((answer) => answer !== undefined);
      expect((await place.records.approval(plan().hash))?.decision).toBe(winner?.state);
      await expectUnbrokenAudit(place.records, 1);
    });

    it('takes no decision on a run that changed, or on another plan than the run has', async () => {
      await place.records.claim(run({ state: 'waiting', planHash: plan().hash }));
      const change = { state: 'approved', updatedAt: newYear + 1 } as const;

      expect(await place.records.decide(approval(), { revision: 2, change }, draft())).toBeUndefined();
      expect(
        await place.records.decide(approval({ planHash: 'b'.repeat(64) }), { revision: 1, change }, draft()),
      ).toBeUndefined();
      expect(
        await place.records.decide(approval({ runId: 'r-none' }), { revision: 1, change }, draft()),
      ).toBeUndefined();

      expect(await place.records.approval(plan().hash)).toBeUndefined();
      expect((await place.records.run(run().id))?.state).toBe('waiting');
      await expectUnbrokenAudit(place.records, 0);
    });
  });

  describe('evidence', () => {
    it('keeps the evidence of a run, oldest first, the same one once', async () => {
      await place.records.addEvidence(evidence({ id: 'e-2', at: newYear + 2 }));
      await place.records.addEvidence(evidence({ id: 'e-1', at: newYear + 1 }));
      await place.records.addEvidence(evidence({ id: 'e-2', at: newYear + 9 }));
      await place.records.addEvidence(evidence({ id: 'e-3', runId: 'r-other' }));
      await place.reopen();

      const kept = await place.records.evidence(run().id);

      expect(kept).toEqual([
        evidence({ id: 'e-1', at: newYear + 1 }),
        evidence({ id: 'e-2', at: newYear + 2 }),
      ]);
      expect(Object.keys(kept[0]?.body ?? {})).toContain('__proto__');
    });

    it('refuses evidence longer than 64 KiB', async () => {
      const body = { text: 'x'.repeat(64 * 1024) };

      await expect(place.records.addEvidence(evidence({ body }))).rejects.toThrow(
        /too many to keep, at most 65536/,
      );

      expect(await place.records.evidence(run().id)).toEqual([]);
    });
  });
}

function describeActs(place: RecordsPlace): void {
  describe('acts', () => {
    it('writes the intent before and the outcome after, each with its audit line', async () => {
      const { fence } = await place.lease();
      const id = await place.records.intend(intent({ fence }), draft({ event: 'act_intended' }));
      const before = { id, ...intent({ fence }), outcome: undefined, outcomeAt: undefined, detail: '' };
      await place.reopen();

      expect(await place.records.acts({ unfinished: true })).toEqual([before]);
      await place.records.conclude(id, 'done', newYear + 9, 'in 7 s', draft({ event: 'act_ended' }));

      await place.reopen();
      expect(await place.records.acts({ unfinished: true })).toEqual([]);
      expect(await place.records.acts({})).toEqual([
        { ...before, outcome: 'done', outcomeAt: newYear + 9, detail: 'in 7 s' },
      ]);
      await expectUnbrokenAudit(place.records, 2);
    });

    it('writes an outcome once', async () => {
      const { fence } = await place.lease();
      const id = await place.records.intend(intent({ fence }), draft());
      await place.records.conclude(id, 'done', newYear + 9, '', draft());

      await expect(place.records.conclude(id, 'failed', newYear + 10, '', draft())).rejects.toThrow(
        /outcome is written once/,
      );
      await expect(place.records.conclude(id + 1, 'done', newYear + 10, '', draft())).rejects.toThrow();

      expect((await place.records.acts({}))[0]?.outcome).toBe('done');
      await expectUnbrokenAudit(place.records, 2);
    });

    it('finds acts by run, target and time, oldest first', async () => {
      await place.lease();
      await place.lease('blog');
      await place.records.intend(intent({ intentAt: newYear + 1 }), draft());
      await place.records.intend(intent({ intentAt: newYear + 2, target: 'blog' }), draft());
      await place.records.intend(intent({ intentAt: newYear + 3, runId: 'r-2' }), draft());
      const times = async (filter: Parameters<RemediationRecords['acts']>[0]): Promise<number[]> =>
        (await place.records.acts(filter)).map(({ intentAt }) => intentAt - newYear);

      expect(await times({})).toEqual([1, 2, 3]);
      expect(await times({ target: 'orders' })).toEqual([1, 3]);
      expect(await times({ runId: 'r-2' })).toEqual([3]);
      expect(await times({ since: newYear + 2 })).toEqual([2, 3]);
    });

    it('begins no act under a lease that somebody else took over, or without one', async () => {
      await expect(place.records.intend(intent(), draft())).rejects.toMatchObject({ name: 'FenceError' });
      const old = await place.lease();
      const taken = await place.records.takeLease('target:orders', 'agent-2', newYear + 60_000, 60_000);
      expect(taken?.fence).toBeGreaterThan(old.fence);

      await expect(place.records.intend(intent({ fence: old.fence }), draft())).rejects.toMatchObject({
        name: 'FenceError',
      });

      expect(await place.records.acts({})).toEqual([]);
      await expectUnbrokenAudit(place.records, 0);
      await place.records.intend(intent({ fence: taken?.fence ?? 0 }), draft());
      expect(await place.records.acts({})).toHaveLength(1);
    });
  });
}
