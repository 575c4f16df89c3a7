import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import { ReadBudget } from './read-budget.ts';

function spend(budget: ReadBudget, reads: number): void {
  for (let read = 0; read < reads; read += 1) budget.take('essential');
}

describe('ReadBudget', () => {
  it('gives 12,000 reads, and then says when there will be another', async () => {
    const budget = new ReadBudget(new FakeClock());
    spend(budget, 12_000);

    expect(() => budget.take('essential')).toThrow(
      expect.objectContaining({ code: 'throttled', retryAfterMs: 300 }),
    );
    expect(budget.remaining()).toBe(0);
  });

  it('fills up by 12,000 an hour', async () => {
    const clock = new FakeClock();
    const budget = new ReadBudget(clock);
    spend(budget, 12_000);

    await clock.advance(60_000);

    expect(budget.remaining()).toBe(200);
  });

  it('keeps the last tenth for what is read every minute', async () => {
    const budget = new ReadBudget(new FakeClock());
    spend(budget, 10_800);

    expect(() => budget.take('deferrable')).toThrow(expect.objectContaining({ code: 'throttled' }));
    expect(() => budget.take('essential')).not.toThrow();
  });

  it('heeds what the service says is left, for a minute', async () => {
    const clock = new FakeClock();
    const budget = new ReadBudget(clock);
    budget.heed(0);

    expect(budget.remaining()).toBe(0);
    expect(() => budget.take('essential')).toThrow(expect.objectContaining({ code: 'throttled' }));
    await clock.advance(60_000);
    expect(() => budget.take('essential')).not.toThrow();
  });

  it('lets nobody read while the service wants a pause', async () => {
    const clock = new FakeClock();
    const budget = new ReadBudget(clock);
    budget.close(17_000);

    expect(() => budget.take('essential')).toThrow(expect.objectContaining({ retryAfterMs: 17_000 }));
    await clock.advance(17_000);
    expect(() => budget.take('essential')).not.toThrow();
  });

  it('asks again after an hour, however long a pause the service wants', async () => {
    const clock = new FakeClock();
    const budget = new ReadBudget(clock);
    budget.close(999_999_999_000);

    await clock.advance(3_600_000);

    expect(() => budget.take('essential')).not.toThrow();
  });

  it('adds up what its targets plan', async () => {
    const budget = new ReadBudget(new FakeClock());
    budget.plan('orders', 1_000);
    budget.plan('carts', 500);
    budget.plan('carts', 600);

    expect(budget.planned()).toBe(1_600);
  });
});
