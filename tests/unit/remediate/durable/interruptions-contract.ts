import { expect, it } from 'vitest';
import {
  AgentStopping,
  type DurableEngine,
  ProcessCancelled,
} from '../../../../src/core/ports/durable-engine.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { type Arrange, aborted, add } from './journal-place.ts';

/** What happens to a process when its agent stops or somebody cancels it. */
export function describeInterruptions(arrange: Arrange): void {
  it('aborts a step when the agent stops, gives back its lease and runs it again at once in the next agent', async () => {
    const place = await arrange();
    const first = await place.open();
    const reasons: unknown[] = [];
    const cleaned: string[] = [];
    const done: string[] = [];
    first.engine.define('execute', async (_input, steps) => {
      try {
        await steps.step('pre-check', async () => add(done, 'pre-check'));
        await steps.step('apply', async (signal) => {
          done.push('apply, cut short');
          await aborted(signal);
          reasons.push(signal.reason);
          throw signal.reason;
        });
      } catch {
        cleaned.push('caught');
      } finally {
        cleaned.push('finally');
      }
    });
    await first.engine.begin();
    await first.engine.start('execute', 'run-1', null);
    await waitUntil('the step', () => done.length === 2);

    await first.engine.close();

    expect(reasons).toEqual([expect.any(AgentStopping)]);
    expect(cleaned).toEqual([]);
    const second = await place.open();
    expect(await second.engine.list()).toMatchObject([{ id: 'run-1', name: 'execute', state: 'pending' }]);
    second.engine.define('execute', async (_input, steps) => {
      await steps.step('pre-check', async () => add(done, 'pre-check again'));
      await steps.step('apply', async () => add(done, 'apply'));
    });
    const from = performance.now();
    await second.engine.begin();
    await waitUntil('the end', () => done.includes('apply'));
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(done).toEqual(['pre-check', 'apply, cut short', 'apply']);
  });

  it('remembers a step that finished although the agent stops, and leaves the next one to the next agent', async () => {
    const place = await arrange();
    const first = await place.open();
    const done: string[] = [];
    first.engine.define('execute', async (_input, steps) => {
      await steps.step('apply', async (signal) => {
        done.push('apply');
        await aborted(signal);
        return null;
      });
      await steps.step('verify', async () => add(done, 'verify, too late'));
    });
    await first.engine.begin();
    await first.engine.start('execute', 'run-1', null);
    await waitUntil('the step', () => done.length === 1);
    await first.engine.close();

    const second = await place.open();
    second.engine.define('execute', async (_input, steps) => {
      await steps.step('apply', async () => add(done, 'apply again'));
      await steps.step('verify', async () => add(done, 'verify'));
    });
    await second.engine.begin();

    await waitUntil('the end', () => done.includes('verify'));
    expect(done).toEqual(['apply', 'verify']);
  });

  it('sleeps on over a restart', async () => {
    const place = await arrange();
    const first = await place.open();
    const done: string[] = [];
    const workflow =
      (who: string): Parameters<DurableEngine['define']>[1] =>
      async (_input, steps) => {
        await steps.step('apply', async () => add(done, `apply in ${who}`));
        await steps.sleep('soak', 700);
        await steps.step('verify', async () => add(done, `verify in ${who}`));
      };
    first.engine.define('soak', workflow('the first'));
    await first.engine.begin();
    await first.engine.start('soak', 'run-1', null);
    await waitUntil('its sleep', async () => (await first.engine.list())[0]?.state === 'sleeping');
    await first.engine.close();

    const second = await place.open();
    second.engine.define('soak', workflow('the second'));
    await second.engine.begin();

    expect((await second.engine.list())[0]?.state).toBe('sleeping');
    await waitUntil('the end', () => done.length === 2);
    expect(done).toEqual(['apply in the first', 'verify in the second']);
  });

  it('aborts the step of a process that is cancelled, and does nothing more of it', async () => {
    const place = await arrange();
    const { engine, log } = await place.open();
    const reasons: unknown[] = [];
    const done: string[] = [];
    engine.define('execute', async (_input, steps) => {
      await steps.step('apply', async (signal) => {
        done.push('apply');
        await aborted(signal);
        reasons.push(signal.reason);
        return null;
      });
      await steps.step('verify', async () => add(done, 'verify'));
    });
    await engine.begin();
    await engine.start('execute', 'run-1', null);
    await waitUntil('the step', () => done.length === 1);

    expect(await engine.cancel('run-1')).toBe(true);

    await waitUntil('the abort', () => reasons.length === 1);
    expect(reasons).toEqual([expect.any(ProcessCancelled)]);
    expect(await engine.list()).toEqual([]);
    expect(await engine.cancel('run-1')).toBe(false);
    await engine.close();
    expect(done).toEqual(['apply']);
    expect(log.events.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('cancels a process that sleeps', async () => {
    const place = await arrange();
    const { engine } = await place.open();
    engine.define('soak', async (_input, steps) => steps.sleep('soak', 60_000));
    await engine.begin();
    await engine.start('soak', 'run-1', null);
    await waitUntil('its sleep', async () => (await engine.list())[0]?.state === 'sleeping');

    expect(await engine.cancel('run-1')).toBe(true);

    expect(await engine.list()).toEqual([]);
  });
}
