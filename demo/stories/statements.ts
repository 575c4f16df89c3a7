import { targets } from '../agent-config.ts';
import { type Scrape, valueOf } from '../exposition.ts';
import { repeat } from '../sleep.ts';
import { type Stage, withSession } from '../stage.ts';
import type { Story } from './story.ts';

const target = targets.ordersPrimary;
const bound = 0.1;

const latency = (scrape: Scrape): number | undefined =>
  valueOf(scrape, 'reeve_postgres_statement_p95_estimate_seconds', { target }, 'max');
const isFast = (scrape: Scrape): boolean => (latency(scrape) ?? Number.POSITIVE_INFINITY) < bound;

export const statementStory: Story = {
  id: 'statements',
  title: 'a release brings a statement that was never seen before, and it is slow',
  needsRedis: false,
  steps: [
    { text: 'a p95 below 100 ms', isSeen: isFast },
    {
      text: 'a new statement',
      isSeen: (scrape) => (valueOf(scrape, 'reeve_postgres_new_statements', { target }) ?? 0) > 0,
    },
  ],
  act: release,
};

/** How long the new release is out. */
const outMs = 20_000;

/** No index helps a regular expression. */
async function release({ orders, until }: Stage, signal: AbortSignal): Promise<void> {
  await until(isFast, 10_000, signal);
  await withSession(orders.shopUrls.primary, 'search', async (client) => {
    const over = AbortSignal.timeout(outMs);
    const searches = repeat(1_000, AbortSignal.any([signal, over]), async () => {
      await client.query("SELECT count(*) FROM page_views WHERE headers ~ '(7a|b3)+c.*f9'");
    });
    // Aborted in its pause, by the clock or by the end of the demo; a query that fails is another matter.
    await searches.catch((error: unknown) => {
      if (!over.aborted && !signal.aborted) throw error;
    });
  });
}
