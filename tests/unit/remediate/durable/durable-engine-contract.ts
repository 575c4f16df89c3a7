import { afterEach, describe, expect, it } from 'vitest';
import { StepFailed } from '../../../../src/core/ports/durable-engine.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { describeInterruptions } from './interruptions-contract.ts';
import { type Arrange, add, type JournalPlace } from './journal-place.ts';

/** What every durable engine does, on a real journal. */
export function describeDurableEngine(name: string, createPlace: () => Promise<JournalPlace>): void {
  describe(name, () => {
    const opened: AsyncDisposable[] = [];
    const arrange = async (): Promise<JournalPlace> => {
      const place = await createPlace();
      opened.push(place);
      return place;
    };
    afterEach(async () => {
      for (const place of opened.splice(0).toReversed()) await place[Symbol.asyncDispose]();
    });
    describeSteps(arrange);
    describeInterruptions(arrange);
    describeBookkeeping(arrange);
  });
}

function describeSteps(arrange: Arrange): void {
  it('does the steps of a process in order, each once, and hands on what they came to', async () => {
    const place = await arrange();
    const { engine } = await place.open();
    const seen: unknown[] = [];
    engine.define('count', async (input, steps) => {
      const one = await steps.step('one', async () => ({ from: input, text: 'a' }));
      const two = await steps.step('two', async () => [one.text, null, 2.5]);
      seen.push(two);
    });

    await engine.begin();
    await engine.start('count', 'run-1', 'orders');

    await waitUntil('the end', () => seen.length > 0);
    expect(seen).toEqual([['a', null, 2.5]]);
    await waitUntil('no process left', async () => (await engine.list()).length === 0);
  });

  it('gives the remembered answers after a sleep, and sleeps in no slot', async () => {
    const place = await arrange();
    const { engine } = await place.open();
    const done: string[] = [];
    let passes = 0;
    engine.define('soak', async (_input, steps) => {
      passes += 1;
      await steps.step('apply', async () => add(done, 'apply'));
      await steps.sleep('soak', 30);
      await steps.step('verify', async () => add(done, 'verify'));
    });

    await engine.begin();
    await engine.start('soak', 'run-1', null);

    await waitUntil('the end', () => done.includes('verify'));
    expect({ done, passes }).toEqual({ done: ['apply', 'verify'], passes: 2 });
  });

  it('remembers a step that failed as well as one that did not, and tells the workflow the same after a sleep', async () => {
    const place = await arrange();
    const { engine } = await place.open();
    const told: unknown[] = [];
    let attempts = 0;
    engine.define('refused', async (_input, steps) => {
      try {
        await steps.step('apply', async () => {
          attempts += 1;
          throw Object.assign(new TypeError('lock not granted'), { code: 'locked' });
        });
      } catch (thrown) {
        if (!(thrown instanceof StepFailed)) throw thrown;
        const { step, errorName, code, message } = thrown;
        await steps.sleep('before undo', 20);
        told.push({ step, errorName, code, message });
      }
    });

    await engine.begin();
    await engine.start('refused', 'run-1', null);

    await waitUntil('the end', () => told.length > 0);
    expect({ attempts, told }).toEqual({
      attempts: 1,
      told: [{ step: 'apply', errorName: 'TypeError', code: 'locked', message: 'lock not granted' }],
    });
  });

  it('ends a process as failed when its workflow throws, says so and does not try again', async () => {
    const place = await arrange();
    const { engine, log } = await place.open();
    let passes = 0;
    engine.define('broken', async () => {
      passes += 1;
      throw new Error('a fault of ours');
    });

    await engine.begin();
    await engine.start('broken', 'run-1', null);

    const said = await waitUntil('the log', () => log.events.find(({ level }) => level === 'error'));
    expect(said.message).toBe('a durable process failed; it does not go on');
    expect(said.fields).toMatchObject({ process: 'run-1', workflow: 'broken', problem: 'a fault of ours' });
    expect({ passes, left: await engine.list() }).toEqual({ passes: 1, left: [] });
  });

  it('keeps text that one of the databases would refuse', async () => {
    const place = await arrange();
    const { engine } = await place.open();
    const seen: unknown[] = [];
    engine.define('text', async (input, steps) => {
      seen.push(input, await steps.step('one', async () => 'a\0b\ud800 \\u0000'));
    });

    await engine.begin();
    await engine.start('text', 'run-1', { x: '\0' });

    await waitUntil('the end', () => seen.length > 0);
    expect(seen).toEqual([{ x: '\ufffd' }, 'a\ufffdb\ufffd \\u0000']);
  });

  it('refuses two steps at a time', async () => {
    const place = await arrange();
    const { engine, log } = await place.open();
    engine.define('parallel', async (_input, steps) => {
      await Promise.all([steps.step('a', async () => 1), steps.step('b', async () => 2)]);
    });

    await engine.begin();
    await engine.start('parallel', 'run-1', null);

    const said = await waitUntil('the log', () => log.events.find(({ level }) => level === 'error'));
    expect(said.fields['problem']).toContain('step "b" begins while "a" is not done');
  });
}

function describeBookkeeping(arrange: Arrange): void {
  it('starts an id once, also when it has ended and after a restart', async () => {
    const place = await arrange();
    const first = await place.open();
    let passes = 0;
    const workflow = async (): Promise<void> => void (passes += 1);
    first.engine.define('once', workflow);
    await first.engine.begin();
    await Promise.all([first.engine.start('once', 'run-1', null), first.engine.start('once', 'run-1', null)]);
    await waitUntil('the end', async () => passes > 0 && (await first.engine.list()).length === 0);
    await first.engine.start('once', 'run-1', null);
    await first.engine.close();
    const second = await place.open();
    second.engine.define('once', workflow);
    await second.engine.begin();
    await second.engine.start('once', 'run-1', null);

    expect(await second.engine.list()).toEqual([]);
    expect(passes).toBe(1);
  });

  it('keeps a process of a workflow that it does not know, says so once and goes on with the others', async () => {
    const place = await arrange();
    const { engine, log } = await place.open();
    let known = 0;
    engine.define('known', async () => void (known += 1));
    await engine.start('of a newer version', 'run-1', null);
    await engine.start('known', 'run-2', null);

    await engine.begin();

    // It has ended only when that is written too.
    await waitUntil('the end of the known one', async () => (await engine.list()).length < 2);
    expect(known).toBe(1);
    expect(await engine.list()).toMatchObject([
      { id: 'run-1', name: 'of a newer version', state: 'pending' },
    ]);
    expect(log.events.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        message: 'a durable process is of a workflow that this version does not know; it is kept',
        fields: { process: 'run-1', workflow: 'of a newer version' },
      },
    ]);
  });

  it('lists what is not finished, oldest first', async () => {
    const place = await arrange();
    const { engine } = await place.open();
    engine.define('soak', async (_input, steps) => steps.sleep('soak', 60_000));
    const before = Date.now();
    for (const id of ['run-1', 'run-2', 'run-3']) await engine.start('soak', id, null);

    const listed = await engine.list();

    expect(listed.map(({ id, state }) => [id, state])).toEqual([
      ['run-1', 'pending'],
      ['run-2', 'pending'],
      ['run-3', 'pending'],
    ]);
    expect(Math.abs((listed[0]?.createdAt ?? 0) - before)).toBeLessThan(5_000);
  });

  it('closes twice and before it has begun', async () => {
    const place = await arrange();
    const { engine } = await place.open();

    await engine.close();
    await engine.close();
  });
}
