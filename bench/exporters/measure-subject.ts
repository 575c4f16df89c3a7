import { setTimeout as delay } from 'node:timers/promises';
import type { Agent } from '../measure/agent.ts';
import { samplesOf } from '../measure/exposition.ts';
import { type LoadFigures, measureLoad, measureScrapes, type ScrapeFigures } from '../measure/phases.ts';
import type { ServerTime } from './server-time.ts';

export interface SubjectFigures {
  readonly name: string;
  readonly scrapes: ScrapeFigures;
  /** The most at any one time. */
  readonly connections: number;
  /** Absent where a scrape takes longer than the beat. */
  readonly load: LoadFigures | undefined;
  readonly serverTime: ServerTime | undefined;
  /** Seconds that the latest reading of each group took, as Reeve says. */
  readonly groupSeconds: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
}

export interface SubjectOptions {
  readonly agent: Agent;
  readonly serverPid: number;
  readonly scrapes: number;
  /** 0: leaves the phase out. */
  readonly polls: number;
  readonly everyMs: number;
  /** How many connections the agent has at this moment. */
  readonly countConnections: () => Promise<number>;
  /** Begins to watch; the returned function ends it. */
  readonly watchTime?: () => Promise<(polls: number) => Promise<ServerTime>>;
}

/** Everything about one agent that is alone with the server. */
export async function measureSubject(options: SubjectOptions): Promise<SubjectFigures> {
  const { agent, polls, everyMs, serverPid } = options;
  const scrapes = await measureScrapes(agent, options.scrapes);
  const connections = await mostConnections(agent, options.countConnections);
  const endTime = await options.watchTime?.();
  const load = polls === 0 ? undefined : await measureLoad({ agent, serverPid, everyMs, polls });
  const serverTime = polls === 0 ? undefined : await endTime?.(polls);
  const durations = samplesOf(await agent.scraper.read(), 'reeve_collect_duration_seconds');
  return {
    name: agent.name,
    scrapes,
    connections,
    load,
    serverTime,
    groupSeconds: Object.fromEntries(durations.map(({ labels, value }) => [labels['group'] ?? '', value])),
    errors: await agent.errors(),
  };
}

/** Looks as often as it can while some scrapes (and polls) go on. */
async function mostConnections(agent: Agent, count: () => Promise<number>): Promise<number> {
  let most = 0;
  const scraped = new AbortController();
  const scrapes = (async () => {
    for (let index = 0; index < 3; index += 1) {
      await agent.scraper.scrape('gzip');
      await delay(300);
    }
  })().finally(() => scraped.abort());
  while (!scraped.signal.aborted) {
    most = Math.max(most, await count());
    await delay(2);
  }
  await scrapes;
  return most;
}
