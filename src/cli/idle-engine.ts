import type { DurableEngine } from '../core/ports/durable-engine.ts';

/** Runs nothing: for decisions while no agent runs. What it is asked to start, the next agent starts from the state of the run. */
export function createIdleEngine(): DurableEngine {
  return {
    define: () => undefined,
    begin: () => Promise.resolve(),
    start: () => Promise.resolve(),
    cancel: () => Promise.resolve(false),
    list: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
}
