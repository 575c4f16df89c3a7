import { targets } from '../agent-config.ts';
import { type Scrape, valueOf } from '../exposition.ts';
import { measured } from '../scorecard/format.ts';
import { ignoreAbort, repeat } from '../sleep.ts';
import { type Stage, withSession } from '../stage.ts';
import type { Story } from './story.ts';

const target = targets.ordersPrimary;
const bound = 0.1;

const latency = (scrape: Scrape): number | undefined =>
  valueOf(scrape, 'reeve_postgres_statement_p95_estimate_seconds', { target }, 'max');
const isFast = (scrape: Scrape): boolean => (latency(scrape) ?? Number.POSITIVE_INFINITY) < bound;

const isSlow = (scrape: Scrape): boolean => (latency(scrape) ?? 0) > bound;

export const statementStory: Story = {
  id: 'statements',
  title: 'a release brings a new statement, a slow one',
  needsRedis: false,
  steps: [
    { text: 'a p95 below 100 ms', isSeen: isFast },
    {
      text: 'a new statement',
      isSeen: (scrape) => (valueOf(scrape, 'reeve_postgres_new_statements', { target }) ?? 0) > 0,
    },
    { text: 'a p95 above 100 ms', isSeen: isSlow },
  ],
  witness: {
    of: latency,
    text: (lowest, highest) => `p95 ${measured(lowest, 'seconds')}, then ${measured(highest, 'seconds')}`,
  },
  act: release,
};

/** So many at the same time that more than one call in twenty is a slow one. */
const searchers = 5;

/** A sleep stands for the disk that a search would wait for: the demo has to run on two cores. */
const search = 'SELECT count(*), pg_sleep(0.2) FROM customers WHERE name LIKE $1';

async function release({ orders, until }: Stage, signal: AbortSignal): Promise<void> {
  await until(isFast, 10_000, signal);
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const searches = Array.from({ length: searchers }, () =>
    withSession(orders.shopUrls.primary, 'search', (client) =>
      repeat(10, either, async () => {
        await client.query(search, ['%7']);
      }),
    ).catch(ignoreAbort),
  );
  try {
    await until(isSlow, 30_000, signal);
  } finally {
    over.abort();
    await Promise.all(searches);
  }
}
