import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/ports/clock.ts';
import { openDurableEngine } from '../../../src/remediate/durable/open-durable-engine.ts';
import { createSystemClock } from '../../../src/telemetry/clock.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { approveRun, createWorld, type World } from './remediation-world.ts';
import { basePolicy } from './world-settings.ts';

/** The machine's time, for the engine that sleeps by it. */
class MachineClock extends FakeClock {
  readonly #system: Clock = createSystemClock();
  override now(): number {
    return this.#system.now();
  }
  override monotonicMs(): number {
    return this.#system.monotonicMs();
  }
  override sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return this.#system.sleep(delayMs, signal);
  }
}

const ended = ['kept', 'inconclusive', 'reverted', 'failed', 'cancelled', 'refused'] as const;

async function until(world: World, id: string, states: readonly string[]): Promise<string> {
  return waitUntil(`run in ${states.join(' or ')}`, async () => {
    const run = await world.records.run(id);
    return run !== undefined && states.includes(run.state) ? run.state : undefined;
  });
}

describe('a run on the embedded durable engine', () => {
  it('goes on with the next agent when the first one stops while a change is watched', async () => {
    await using directory = await createTempDir('durable-run');
    const world = createWorld(new MachineClock());
    world.policy = { ...basePolicy, baselineMs: 1_000, soakMs: 2_000 };
    const open = () =>
      openDurableEngine({
        location: { path: directory.path },
        holder: 'test',
        clock: world.clock,
        log: world.log,
      });
    const first = await world.start('first', await open());
    try {
      const answer = await first.control.start({
        pipeline: 'index_management',
        target: 'orders',
        by: 'ann',
      });
      const id = answer.ok ? (answer.run?.id ?? '') : '';
      await until(world, id, ['waiting']);
      const run = await world.records.run(id);
      if (run === undefined) throw new Error('the run is gone');
      await approveRun(first, run);
      await until(world, id, ['soaking']);
      await first.close();
      const second = await world.start('second', await open());
      try {
        const state = await until(world, id, ended);

        expect(['kept', 'inconclusive']).toContain(state);
        expect(world.changes).toStrictEqual(['drop notes_idx']);
      } finally {
        await second.close();
      }
    } finally {
      await first.close();
    }
  });
});
