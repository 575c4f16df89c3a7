import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../core/ports/clock.ts';

/** Cuts long work into slices, so that timers and sockets are served in between. */
export interface Pacer {
  /** Whether this slice has used its time. */
  isDue(): boolean;
  /** Lets everything else run, then begins a new slice. */
  yield(): Promise<void>;
  /** Time spent in slices so far, without the pauses, in milliseconds. */
  busyMs(): number;
}

/** Long enough to get somewhere, short enough not to be felt by a poll. */
const defaultSliceMs = 4;

export function createPacer(clock: Clock, sliceMs: number = defaultSliceMs): Pacer {
  let sliceStart = clock.monotonicMs();
  let finishedMs = 0;
  return {
    isDue: () => clock.monotonicMs() - sliceStart >= sliceMs,
    yield: async () => {
      finishedMs += clock.monotonicMs() - sliceStart;
      await setImmediate();
      sliceStart = clock.monotonicMs();
    },
    busyMs: () => finishedMs + clock.monotonicMs() - sliceStart,
  };
}
