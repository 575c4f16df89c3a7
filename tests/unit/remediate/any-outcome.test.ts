import { array, assert, asyncProperty, boolean, constantFrom } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approveRun, createWorld, passUntil, prepareRun } from './remediation-world.ts';
import { basePolicy, minute } from './world-settings.ts';

const ends = ['kept', 'inconclusive', 'reverted', 'refused', 'failed', 'cancelled'] as const;

const outcome = constantFrom(
  'done',
  'already',
  'refused',
  'gave_up',
  'half_applied',
  'failed',
  'throws',
  'throws after',
);
const undone = constantFrom('done', 'gave_up', 'half_applied', 'failed', 'throws');

describe('execute', () => {
  it('leaves the database whole, and says which way, whatever its acts come to', {
    timeout: 60_000,
  }, async () => {
    await assert(
      asyncProperty(
        array(outcome, { maxLength: 5 }),
        array(undone, { maxLength: 5 }),
        boolean(),
        async (acts, undos, getsWorse) => {
          const world = createWorld();
          world.policy = { ...basePolicy, baselineMs: minute, soakMs: 2 * minute };
          const agent = await world.start();
          const run = await prepareRun(world, agent);
          // An act that says it was done already while the index is there would be a lie of the engine.
          world.nextActs.push(...acts.filter((act) => act !== 'already'));
          world.nextUndos.push(...undos);
          await approveRun(agent, run);
          await passUntil(world, run.id, ['soaking', ...ends], minute);
          if (getsWorse) world.latencySeconds = 1;

          const { state, reason } = await passUntil(world, run.id, ends, minute);

          const isKept = state === 'kept' || state === 'inconclusive';
          expect(world.indexes.get('notes_idx'), `${state}: ${reason}`).toBe(isKept ? 'gone' : 'there');
          expect(await world.records.acts({ unfinished: true })).toStrictEqual([]);
          expect(await agent.control.verifyAudit()).toMatchObject({ fault: undefined });
          await agent.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});
