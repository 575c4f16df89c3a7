import { targets, unusedAfter } from '../agent-config.ts';
import { type Scrape, valueOf } from '../exposition.ts';
import { measured } from '../scorecard/format.ts';
import { unusedIndexes } from '../servers/shop-schema.ts';
import type { Stage } from '../stage.ts';
import { withSession } from '../stage.ts';
import type { Story } from './story.ts';

const primary = { target: targets.ordersPrimary, database: 'shop' } as const;
const count = (scrape: Scrape, metric: string): number =>
  valueOf(scrape, `reeve_postgres_${metric}`, primary) ?? 0;

export const indexStory: Story = {
  id: 'indexes',
  title: 'used nowhere; one used by the standby stays',
  needsRedis: false,
  steps: [
    { text: 'a duplicate index', isSeen: (scrape) => count(scrape, 'duplicate_indexes') === 1 },
    { text: 'a redundant index', isSeen: (scrape) => count(scrape, 'redundant_indexes') >= 1 },
    {
      // One more would be the one that only the standby uses.
      text: `${unusedIndexes.length} indexes proven unused after ${unusedAfter}`,
      isSeen: (scrape) => count(scrape, 'unused_indexes') === unusedIndexes.length,
    },
  ],
  witness: {
    of: (scrape) => valueOf(scrape, 'reeve_postgres_unused_index_bytes', primary),
    text: (_, highest) => `${measured(highest, 'bytes')} unused`,
  },
};

export const invalidIndexStory: Story = {
  id: 'invalid index',
  title: 'left by a cancelled CREATE INDEX CONCURRENTLY',
  needsRedis: false,
  steps: [{ text: 'an invalid index', isSeen: (scrape) => count(scrape, 'invalid_indexes') === 1 }],
  witness: {
    of: (scrape) => count(scrape, 'invalid_indexes'),
    text: (_, highest) => `${highest} invalid index`,
  },
  act: leaveInvalidIndex,
};

/** A concurrent build waits for every transaction that has written to the table; this one is cancelled while it waits. */
async function leaveInvalidIndex({ orders }: Stage): Promise<void> {
  const url = orders.shopUrls.primary;
  await withSession(url, 'writer', async (writer) => {
    await writer.query('DROP INDEX IF EXISTS orders_status_idx');
    await writer.query("BEGIN; UPDATE orders SET status = 'shipped' WHERE id = 1");
    await withSession(url, 'migration', async (migration) => {
      await migration.query("SET statement_timeout = '400ms'");
      await migration
        .query('CREATE INDEX CONCURRENTLY orders_status_idx ON orders (status)')
        .catch(ignoreCancel);
    });
    await writer.query('COMMIT');
  });
}

function ignoreCancel(error: unknown): void {
  const isCancelled = error instanceof Error && 'code' in error && error.code === '57014';
  if (!isCancelled) throw error;
}
