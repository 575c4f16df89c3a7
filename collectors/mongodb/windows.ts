import { CounterWindow } from '../../src/sdk.ts';
import { LatencyWindow } from './latency-histogram.ts';

export const latencyKinds = ['reads', 'writes', 'commands', 'transactions'] as const;
export type LatencyKind = (typeof latencyKinds)[number];

/** What ratios and percentiles are taken over; a target that is polled less often has them from one poll to the next. */
const shortestWindowMs = 300_000;

/** Counters of one member over a window. */
export interface MemberWindows {
  readonly cache: CounterWindow<'requested' | 'read'>;
  readonly targeting: CounterWindow<'documents' | 'keys' | 'returned'>;
  readonly latency: LatencyWindow;
  readonly means: Readonly<Record<LatencyKind, CounterWindow<'micros' | 'operations'>>>;
}

/** The windows of all members, by name. Forgets members that left. */
export class Windows {
  readonly #windowMs: number;
  readonly #members = new Map<string, MemberWindows>();

  /** @param intervalMs pause between two polls. */
  constructor(intervalMs: number) {
    this.#windowMs = Math.max(shortestWindowMs, intervalMs);
  }

  of(member: string): MemberWindows {
    const known = this.#members.get(member);
    if (known !== undefined) return known;
    const windows = createWindows(this.#windowMs);
    this.#members.set(member, windows);
    return windows;
  }

  keep(members: ReadonlySet<string>): void {
    for (const name of this.#members.keys()) if (!members.has(name)) this.#members.delete(name);
  }
}

function createWindows(windowMs: number): MemberWindows {
  return {
    cache: new CounterWindow(windowMs),
    targeting: new CounterWindow(windowMs),
    latency: new LatencyWindow(windowMs),
    means: {
      reads: new CounterWindow(windowMs),
      writes: new CounterWindow(windowMs),
      commands: new CounterWindow(windowMs),
      transactions: new CounterWindow(windowMs),
    },
  };
}
