import { describe, expect, it } from 'vitest';
import { BackgroundTurns } from '../../../src/collect/background-turns.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const never = new AbortController().signal;

describe('BackgroundTurns', () => {
  it('does one piece at a time, in order, and takes a tenth of the time in all', async () => {
    const clock = new FakeClock();
    const turns = new BackgroundTurns(clock);
    const began: number[] = [];
    const piece = (): Promise<void> => {
      began.push(clock.monotonicMs());
      return clock.sleep(20, never);
    };

    const all = Promise.all([turns.turn(piece, never), turns.turn(piece, never), turns.turn(piece, never)]);
    await clock.advance(1_000);
    await all;

    expect(began).toEqual([0, 200, 400]);
  });

  it('goes on after a piece that failed, and gives what a piece gave', async () => {
    const clock = new FakeClock();
    const turns = new BackgroundTurns(clock);

    const failed = turns.turn(() => Promise.reject(new Error('broken')), never);
    const answered = turns.turn(() => Promise.resolve(42), never);

    await expect(failed).rejects.toThrow('broken');
    await expect(answered).resolves.toBe(42);
  });

  it('passes over who has left the line', async () => {
    const clock = new FakeClock();
    const turns = new BackgroundTurns(clock);
    const gone = AbortSignal.abort(new Error('closed'));
    let done = false;

    const left = turns.turn(() => {
      done = true;
      return Promise.resolve();
    }, gone);

    await expect(left).rejects.toThrow('closed');
    expect(done).toBe(false);
  });
});
