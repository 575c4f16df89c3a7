import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createCosmosdbOperations } from '../../../collectors/cosmosdb/operations/create-operations.ts';
import {
  cosmosdbOperationsInput,
  testContext,
} from '../../../collectors/cosmosdb/testing/operations-input.ts';
import { accountOf, busy } from '../../../collectors/cosmosdb/testing/scale-stage.ts';
import type { Clock } from '../../../src/core/ports/clock.ts';
import type { Run, RunState } from '../../../src/core/remediation/run.ts';
import { startAzure } from '../../support/azure/azure.ts';
import { type Agent, approveRun, createWorld, type World } from './remediation-world.ts';
import { approveMode, hour } from './world-settings.ts';

const ends = ['kept', 'inconclusive', 'refused', 'failed', 'reverted', 'observed'] as const;

/** Lets time pass, and answers arrive, until the run is in one of these states. */
async function until(world: World, id: string, states: readonly RunState[], stepMs: number): Promise<Run> {
  for (let step = 0; step < 20_000; step += 1) {
    const run = await world.records.run(id);
    if (run !== undefined && states.includes(run.state)) return run;
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
    await world.clock.advance(stepMs);
  }
  const run = await world.records.run(id);
  throw new Error(`run is ${run?.state ?? 'gone'}: ${run?.reason ?? ''}`);
}

async function asked(world: World, agent: Agent): Promise<Run> {
  const answer = await agent.control.start({ pipeline: 'throughput', target: 'orders', by: 'ann' });
  if (!answer.ok || answer.run === undefined) throw new Error(answer.text);
  return until(world, answer.run.id, ['waiting', ...ends], 200);
}

it.each([
  ['is simulated, approved, carried out and kept', undefined],
  ['is carried out once although the agent dies when Azure has accepted it', 'after apply scale#1'],
])(
  'a change of throughput %s',
  async (_what, dieAt) => {
    const world = createWorld();
    await using azure = await startAzure({ accounts: [accountOf({ load: busy(3_800) })] });
    // Tokens live by the clock of the machine; what is waited for passes with the world's.
    const clock: Clock = {
      now: Date.now,
      monotonicMs: () => world.clock.monotonicMs(),
      sleep: (delayMs, signal) => world.clock.sleep(delayMs, signal),
    };
    const utilization = { 'shop/orders/West Europe': 0.95 };
    const operations = createCosmosdbOperations(cosmosdbOperationsInput(azure, { clock, utilization }));
    world.actions.push(...operations.actions.filter(({ pipeline }) => pipeline === 'throughput'));
    world.identity = { ...(await operations.identify(testContext().signal)) };
    world.mode = { ...approveMode, rehearsal: undefined };
    world.policy = { ...world.policy, soakMs: hour };
    let agent = await world.start();

    const run = await asked(world, agent);
    expect(run).toMatchObject({ state: 'waiting', action: 'scale_throughput_up', subject: 'shop/orders' });
    const plan = await world.records.plan(run.planHash ?? '');
    expect(plan?.rehearsal.verdict).toBe('simulated');
    world.dieAt = dieAt;
    await approveRun(agent, run);
    if (dieAt !== undefined) {
      for (let step = 0; world.deaths === 0 && step < 20_000; step += 1) {
        await setImmediate();
        await world.clock.advance(1_000);
      }
      agent = await world.start();
    }
    const ended = await until(world, run.id, ends, 5_000);
    await agent.close();
    await operations.close();

    expect(ended, ended.reason).toMatchObject({ state: 'kept' });
    expect(world.deaths).toBe(dieAt === undefined ? 0 : 1);
    expect(azure.operations.accepted).toHaveLength(1);
    expect(azure.account.container('shop', 'orders').settings.throughput).toEqual({
      kind: 'manual',
      requestUnits: 5_000,
    });
  },
  20_000,
);
