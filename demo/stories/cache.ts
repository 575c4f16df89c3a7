import { Redis } from 'ioredis';
import { targets } from '../agent-config.ts';
import { type Scrape, valueOf } from '../exposition.ts';
import { measured } from '../scorecard/format.ts';
import { sessionBody } from '../servers/cache-data.ts';
import { ignoreAbort, repeat } from '../sleep.ts';
import type { Stage } from '../stage.ts';
import { isCacheBreachOpen } from './breaches.ts';
import type { Story } from './story.ts';

const target = targets.sessionsCache;
const redis = (scrape: Scrape, metric: string): number | undefined =>
  valueOf(scrape, `reeve_redis_${metric}`, { target });
const hitRatio = (scrape: Scrape): number | undefined => redis(scrape, 'cache_hit_ratio');

const enough = 0.8;
const bigKeyBytes = 1024 * 1024;

export const cacheStory: Story = {
  id: 'cache',
  title: 'cold it misses, full it evicts, warm it hits',
  needsRedis: true,
  steps: [
    { text: 'a hit ratio below 80 %', isSeen: (scrape) => (hitRatio(scrape) ?? 1) < enough },
    { text: 'evicted keys', isSeen: (scrape) => (redis(scrape, 'evicted_keys_total') ?? 0) > 0 },
    { text: 'a hit ratio above 80 %', isSeen: (scrape) => (hitRatio(scrape) ?? 0) > enough },
  ],
  witness: {
    of: hitRatio,
    text: (lowest, highest) => `hits ${measured(lowest, 'ratio')}, then ${measured(highest, 'ratio')}`,
  },
  act: coolAndWarm,
};

export const bigKeyStory: Story = {
  id: 'big key',
  title: 'one key holds an archive; a restart loses it',
  needsRedis: true,
  steps: [
    { text: 'persistence off', isSeen: (scrape) => redis(scrape, 'persistence_enabled') === 0 },
    {
      text: 'a key above 1 MiB',
      isSeen: (scrape) => (redis(scrape, 'largest_key_bytes') ?? 0) > bigKeyBytes,
    },
  ],
  witness: {
    of: (scrape) => redis(scrape, 'largest_key_bytes'),
    text: (_, highest) => measured(highest, 'bytes'),
  },
};

/** Sessions that are asked for again and again, out of all there ever were. */
const hot = 2_000;
const all = 120_000;

async function coolAndWarm({ sessions, until }: Stage, signal: AbortSignal): Promise<void> {
  if (sessions === undefined) return;
  const client = new Redis(sessions.shopUrls.primary);
  client.on('error', () => undefined); // the server is being stopped: the command that fails says so
  try {
    const isSeen = new AbortController();
    const cold = repeat(50, AbortSignal.any([signal, isSeen.signal]), () => lookUp(client, 100, all));
    const ended = cold.catch(ignoreAbort);
    try {
      await until(isCacheBreachOpen, 20_000, signal);
    } finally {
      isSeen.abort();
      await ended;
    }
    await repeat(40, signal, () => lookUp(client, 400, hot));
  } finally {
    client.disconnect();
  }
}

/** What an application with a cache does: it asks the cache, and keeps there what it had to fetch elsewhere. */
async function lookUp(client: Redis, times: number, among: number): Promise<void> {
  const ids = Array.from({ length: times }, () => Math.floor(Math.random() * among));
  const found = await client.mget(ids.map((id) => `session:${id}`));
  const fetched = client.pipeline();
  ids.forEach((id, position) => {
    const isKept = found[position] === null && id % 4 === 0;
    if (isKept || (found[position] === null && among === hot))
      fetched.set(`session:${id}`, sessionBody, 'EX', 3_600);
  });
  await fetched.exec();
}
