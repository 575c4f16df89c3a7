import type { Clock } from '../core/ports/clock.ts';

/** Keeps a service that fails from being asked again and again: after three failures it is left alone, then asked once to see. */
export interface Circuit {
  /** Whether to ask now. Of those who ask while it is half open one may. */
  isClosed(): boolean;
  succeeded(): void;
  /** With a time: it is left alone for that long, at once. Gives how long it is left alone from now on; undefined while it is not. */
  failed(forMs?: number): number | undefined;
}

const failuresToOpen = 3;
const openMs = 10 * 60_000;
const longestMs = 24 * 60 * 60_000;

export function createCircuit(clock: Clock): Circuit {
  let failures = 0;
  let openUntil: number | undefined;
  let isTrying = false;
  return {
    isClosed() {
      if (openUntil === undefined) return true;
      if (isTrying || clock.monotonicMs() < openUntil) return false;
      isTrying = true;
      return true;
    },
    succeeded() {
      failures = 0;
      openUntil = undefined;
      isTrying = false;
    },
    failed(forMs) {
      failures += 1;
      const wasTrying = isTrying;
      isTrying = false;
      if (forMs === undefined && failures < failuresToOpen && !wasTrying) return undefined;
      const pauseMs = Math.min(Math.max(forMs ?? openMs, 1_000), longestMs);
      openUntil = clock.monotonicMs() + pauseMs;
      return pauseMs;
    },
  };
}
