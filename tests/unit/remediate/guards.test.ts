import { describe, expect, it } from 'vitest';
import { checkGuards, guards, shortSoakWarning } from '../../../src/remediate/guards.ts';
import { now, planWith, policy, situationWith, standing } from './guard-situation.ts';
import { violations } from './guard-violations.ts';

const day = 86_400_000;

const cases = Object.entries(violations).flatMap(([id, ways]) => ways.map((way) => ({ id, ...way })));
const waiting = [
  'not_paused',
  'window_open',
  'change_budget',
  'cool_down',
  'concurrent_runs',
  'nothing_shared',
];

describe('checkGuards', () => {
  it('objects to nothing where everything holds', () => {
    for (const moment of ['plan', 'approve', 'execute'] as const)
      expect(checkGuards(situationWith({ moment }))).toEqual([]);
  });

  it.each(cases)('$id objects when $what', ({ id, change, plan, says }) => {
    const refusals = checkGuards(situationWith(change, plan));

    const refusal = refusals.find((each) => each.id === id);
    expect(refusal?.text).toContain(says);
    expect(refusal?.waits).toBe(waiting.includes(id));
  });

  it('has a violation for every guard', () => {
    expect(Object.keys(violations).toSorted()).toEqual(Object.keys(guards).toSorted());
  });

  it('says when a window opens', () => {
    const windows = [
      { name: 'night', days: ['wed'], from: '22:00', to: '04:00', timeZone: 'UTC', match: {} },
    ] as const;

    expect(checkGuards(situationWith({ windows }))).toMatchObject([{ until: Date.UTC(2026, 10, 25, 22) }]);
  });

  it('lets an act with an immediate undo run by itself in mode auto', () => {
    const acts = planWith().acts.map((act) => ({ ...act, undoKind: 'immediate' as const }));
    const refusals = checkGuards(
      situationWith(
        {
          mode: 'auto',
          approval: undefined,
          action: { undoKind: 'immediate', rehearsal: 'required' },
        },
        { acts },
      ),
    );

    expect(refusals).toEqual([]);
  });

  it('takes a simulation where nothing can be rehearsed', () => {
    const rehearsal = { ...planWith().rehearsal, on: '', verdict: 'simulated' } as const;

    expect(
      checkGuards(
        situationWith({ action: { undoKind: 'immediate', rehearsal: 'impossible' } }, { rehearsal }),
      ),
    ).toEqual([]);
  });

  it('takes a short soak that the plan names', () => {
    const caps = { ...planWith().caps, soakMs: 60_000 };

    const refusals = checkGuards(
      situationWith(
        { moment: 'plan', policy: { ...policy, soakMs: 60_000 } },
        { caps, warnings: [shortSoakWarning(60_000)] },
      ),
    );

    expect(refusals).toEqual([]);
  });

  it('takes a migration with a fresh backup and a lately verified restore', () => {
    expect(checkGuards(situationWith({ backup: standing() }, { pipeline: 'migration' }))).toEqual([]);
  });

  it('lets a migration be approved while no agent is there to look for backups', () => {
    expect(checkGuards(situationWith({ moment: 'approve' }, { pipeline: 'migration' }))).toEqual([]);
  });

  it('takes the soak that a pipeline calls its own, without a warning', () => {
    const pipeline = { soakMs: () => 60_000 };
    const caps = { ...planWith().caps, soakMs: 60_000 };

    expect(checkGuards(situationWith({ moment: 'plan', pipeline }, { caps }))).toEqual([]);
    expect(checkGuards(situationWith({ pipeline }))).toMatchObject([{ id: 'limits_unchanged' }]);
  });

  it('takes the same act again when its cool-down is over, and an act without one at once', () => {
    const action = { undoKind: 'rebuild', rehearsal: 'required', coolDownMs: day } as const;
    const actedBefore = { runId: 'r-2', at: now - day };

    expect(checkGuards(situationWith({ action, actedBefore }))).toEqual([]);
    expect(checkGuards(situationWith({ actedBefore: { runId: 'r-2', at: now } }))).toEqual([]);
  });

  it('lets another run soak elsewhere and act on nothing of ours', () => {
    const holding = [
      { runId: 'r-2', target: 'orders', exclusive: ['table:orders.public.other'], acts: false },
      { runId: 'r-3', target: 'other', exclusive: ['table:orders.public.orders'], acts: false },
    ];

    expect(checkGuards(situationWith({ holding }))).toEqual([]);
  });
});
