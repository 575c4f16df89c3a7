import type { Clock } from '../../src/core/ports/clock.ts';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Time that only moves when the test says so. Unix time and monotonic time may be moved apart. */
export class FakeClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #sleepers: Sleeper[] = [];

  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { atMs: this.#monotonicMs + delayMs, wake: resolve };
    const wakeEarly = (): void => {
      this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    if (signal.aborted) wakeEarly();
    else {
      this.#sleepers.push(sleeper);
      signal.addEventListener('abort', wakeEarly, { once: true });
    }
    return promise;
  }

  /** Lets time pass, waking sleepers in order and letting what they started settle in between. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#monotonicMs + durationMs;
    await settle();
    for (;;) {
      const next = this.#sleepers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      this.#move(Math.max(next.atMs, this.#monotonicMs));
      next.wake();
      await settle();
    }
    this.#move(endMs);
    await settle();
  }

  /** Sets the wall clock, as an operator or NTP might; monotonic time goes on. */
  jump(byMs: number): void {
    this.#nowMs += byMs;
  }

  #move(toMs: number): void {
    this.#nowMs += toMs - this.#monotonicMs;
    this.#monotonicMs = toMs;
  }
}

/** Lets promises that are ready run; nothing here waits for real time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}
