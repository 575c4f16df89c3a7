import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

const { signal } = new AbortController();

describe('Turns', () => {
  it('lets one go after the other, also after one that failed', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const first = turns.take(async () => {
      order.push('first begins');
      await Promise.resolve();
      order.push('first ends');
      throw new Error('failed');
    }, signal);
    const second = turns.take(async () => void order.push('second'), signal);

    await expect(first).rejects.toThrow('failed');
    await second;

    expect(order).toEqual(['first begins', 'first ends', 'second']);
  });

  it('gives up waiting when told to, and those behind do not overtake', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = turns.take(async () => {
      await promise;
      order.push('first');
    }, signal);
    const controller = new AbortController();
    const second = turns.take(async () => void order.push('second'), controller.signal);
    const third = turns.take(async () => void order.push('third'), signal);

    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'timeout' });
    resolve();
    await Promise.all([first, third]);

    expect(order).toEqual(['first', 'third']);
  });
});
