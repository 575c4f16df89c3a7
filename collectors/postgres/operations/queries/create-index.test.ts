import { describe, expect, it, vi } from 'vitest';
import { operationContext } from '../../../../tests/support/postgres/operations-input.ts';
import { planOf, queryGround } from './testing/ground.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const canary = 'canary-5f1d';

describe.each([16] as const)('an index for a slow statement on PostgreSQL %i', (major) => {
  it('is found, planned, proven with measured gain, built, and taken back', async () => {
    await using ground = await queryGround(major);
    await ground.work(
      `SELECT id, note /* ${canary} */ FROM shop.visits WHERE customer_id = 77 AND note <> '${canary}' ORDER BY seen_at DESC LIMIT 5`,
    );

    const context = operationContext();
    const [candidate] = await ground.action.find({ subject: 'postgres', only: undefined, limit: 5 }, context);
    console.log(JSON.stringify(candidate, null, 1));
    if (candidate === undefined) throw new Error('no candidate');
    const draft = await ground.plan(candidate);
    console.log(JSON.stringify(draft, null, 1));
    const rehearsal = await ground.rehearsalAction.rehearse(draft, context);
    console.log(JSON.stringify(rehearsal, null, 1));
    console.log(JSON.stringify(context.kept, null, 1));
    const plan = planOf(draft, rehearsal);
    const [act] = plan.acts;
    if (act === undefined) throw new Error('no act');
    console.log(await ground.action.recheck(plan, context));
    console.log(await ground.action.apply(plan, act, context));
    console.log(await ground.action.apply(plan, act, context));
    console.log(await ground.action.inspect(plan, act, context));
    console.log(await ground.action.counters(plan, context));
    console.log(await ground.action.undo(plan, act, context));
    console.log(await ground.action.undo(plan, act, context));
    expect(JSON.stringify([candidate, draft, rehearsal, context.kept])).not.toContain(canary);
  });
});
