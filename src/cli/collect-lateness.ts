import type { AgentMetrics } from '../telemetry/agent-metrics.ts';

/** How late collections began over the last minute, for `reeve_collect_lateness_seconds`. */
export class CollectLateness {
  readonly #agent: Pick<AgentMetrics, 'set' | 'clear'>;
  #recent: { readonly atMs: number; readonly latenessMs: number }[] = [];

  constructor(agent: Pick<AgentMetrics, 'set' | 'clear'>) {
    this.#agent = agent;
  }

  add(atMs: number, latenessMs: number): void {
    this.#recent.push({ atMs, latenessMs });
  }

  /** Forgets what is older than a minute and publishes the rest; nothing when no collection began. Sorting is why this is not done at every one. */
  publish(nowMs: number): void {
    this.#recent = this.#recent.filter(({ atMs }) => atMs > nowMs - windowMs);
    const sorted = this.#recent.map(({ latenessMs }) => latenessMs).sort((a, b) => a - b);
    this.#agent.clear('collectLatenessSeconds');
    for (const [rank, share] of ranks) {
      const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
      if (value !== undefined) this.#agent.set('collectLatenessSeconds', value / 1_000, { rank });
    }
  }
}

const windowMs = 60_000;
const ranks = [
  ['p50', 0.5],
  ['p99', 0.99],
  ['max', 1],
] as const;
