import type { AgentMetrics } from '../telemetry/agent-metrics.ts';

/** How late collections began over the last minute, for `reeve_poll_lateness_seconds`. */
export class PollLateness {
  readonly #agent: AgentMetrics;
  #recent: { readonly atMs: number; readonly latenessMs: number }[] = [];

  constructor(agent: AgentMetrics) {
    this.#agent = agent;
  }

  add(atMs: number, latenessMs: number): void {
    this.#recent.push({ atMs, latenessMs });
  }

  /** Forgets what is older than a minute and publishes the rest. Sorting is why this is not done at every poll. */
  publish(nowMs: number): void {
    this.#recent = this.#recent.filter(({ atMs }) => atMs > nowMs - windowMs);
    const sorted = this.#recent.map(({ latenessMs }) => latenessMs).sort((a, b) => a - b);
    if (sorted.length === 0) return;
    for (const [rank, share] of ranks) {
      const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      this.#agent.set('pollLatenessSeconds', value / 1_000, { quantile_rank: rank });
    }
  }
}

const windowMs = 60_000;
const ranks = [
  ['p50', 0.5],
  ['p99', 0.99],
  ['max', 1],
] as const;
