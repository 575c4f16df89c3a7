import { targets } from '../agent-config.ts';
import { type Scrape, valueOf } from '../exposition.ts';
import { measured } from '../scorecard/format.ts';
import { ignoreAbort, repeat } from '../sleep.ts';
import { type Stage, withSession } from '../stage.ts';
import type { Story } from './story.ts';

const shop = { target: targets.ordersPrimary, database: 'shop' } as const;
const tableRatio = (scrape: Scrape): number | undefined =>
  valueOf(scrape, 'reeve_postgres_table_hit_ratio', shop);
const indexRatio = (scrape: Scrape): number | undefined =>
  valueOf(scrape, 'reeve_postgres_index_hit_ratio', shop);

const isWarm = (scrape: Scrape): boolean =>
  (indexRatio(scrape) ?? 0) > 0.95 && (tableRatio(scrape) ?? 0) > 0.9;
const low = 0.8;
const isLow = (scrape: Scrape): boolean => (tableRatio(scrape) ?? 1) < low;

export const hitRatioStory: Story = {
  id: 'hit ratios',
  title: 'a table too big for shared buffers is scanned',
  needsRedis: false,
  steps: [
    { text: 'index hit ratio above 95 % and table hit ratio above 90 %', isSeen: isWarm },
    { text: 'a table hit ratio below 80 %', isSeen: isLow },
  ],
  witness: {
    of: tableRatio,
    text: (lowest, highest) => `tables ${measured(highest, 'ratio')}, then ${measured(lowest, 'ratio')}`,
  },
  act: scanBigTable,
};

/** The ratio covers five minutes, so it takes a while to rise again. */
async function scanBigTable({ orders, until }: Stage, signal: AbortSignal): Promise<void> {
  await until(isWarm, 30_000, signal);
  await withSession(orders.shopUrls.primary, 'analytics', async (client) => {
    const enough = new AbortController();
    const scans = repeat(60, AbortSignal.any([signal, enough.signal]), async () => {
      await client.query("SELECT count(*) FROM page_views WHERE page LIKE '/product/1%'");
    }).catch(ignoreAbort);
    try {
      await until(isLow, 30_000, signal);
    } finally {
      enough.abort();
      await scans;
    }
  });
}
