import { CounterWindow, type Target } from '../../src/sdk.ts';
import { LatencyWindow } from './latency-histogram.ts';

export const latencyKinds = ['reads', 'writes', 'commands', 'transactions'] as const;
export type LatencyKind = (typeof latencyKinds)[number];

/** What ratios and means are taken over; a target that is polled less often has them from one poll to the next. */
const shortestWindowMs = 300_000;

/**
 * What percentiles of latency are taken over: the window of the objective that judges them on a target of this workload.
 * Never less than the pause between two polls.
 */
export function latencyWindowMs({
  workload,
  windowsMs,
  intervalMs,
}: Pick<Target, 'workload' | 'windowsMs' | 'intervalMs'>): number {
  const objective = workload === 'olap' ? 'olap_query_seconds' : 'oltp_query_seconds';
  return Math.max(windowsMs[objective] ?? defaultLatencyWindowsMs[objective], intervalMs);
}

const defaultLatencyWindowsMs = { oltp_query_seconds: 300_000, olap_query_seconds: 3_600_000 } as const;

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
  readonly #latencyMs: number;
  readonly #members = new Map<string, MemberWindows>();

  constructor(target: Pick<Target, 'workload' | 'windowsMs' | 'intervalMs'>) {
    this.#windowMs = Math.max(shortestWindowMs, target.intervalMs);
    this.#latencyMs = latencyWindowMs(target);
  }

  of(member: string): MemberWindows {
    const known = this.#members.get(member);
    if (known !== undefined) return known;
    const windows = createWindows(this.#windowMs, this.#latencyMs);
    this.#members.set(member, windows);
    return windows;
  }

  keep(members: ReadonlySet<string>): void {
    for (const name of this.#members.keys()) if (!members.has(name)) this.#members.delete(name);
  }
}

function createWindows(windowMs: number, latencyMs: number): MemberWindows {
  return {
    cache: new CounterWindow(windowMs),
    targeting: new CounterWindow(windowMs),
    latency: new LatencyWindow(latencyMs),
    means: {
      reads: new CounterWindow(windowMs),
      writes: new CounterWindow(windowMs),
      commands: new CounterWindow(windowMs),
      transactions: new CounterWindow(windowMs),
    },
  };
}
