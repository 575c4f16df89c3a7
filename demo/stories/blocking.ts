import { targets } from '../agent-config.ts';
import { type Scrape, valueOf } from '../exposition.ts';
import { measured } from '../scorecard/format.ts';
import { type Stage, withSession } from '../stage.ts';
import type { Story } from './story.ts';

const target = targets.ordersPrimary;
const blocked = (scrape: Scrape): number | undefined =>
  valueOf(scrape, 'reeve_postgres_blocked_sessions', { target });
const isBlocked = (scrape: Scrape): boolean => (blocked(scrape) ?? 0) > 0;
const idleSeconds = (scrape: Scrape): number =>
  valueOf(scrape, 'reeve_postgres_longest_idle_in_transaction_seconds', { target }, 'max') ?? 0;

const longIdleSeconds = 3;

export const blockingStory: Story = {
  id: 'blocking',
  title: 'idle in its transaction, it blocks another one',
  needsRedis: false,
  steps: [
    { text: 'a blocked session', isSeen: isBlocked },
    {
      text: `a transaction idle for ${longIdleSeconds} s`,
      isSeen: (scrape) => idleSeconds(scrape) > longIdleSeconds,
    },
    { text: 'no blocked session', isSeen: (scrape) => blocked(scrape) === 0 },
  ],
  witness: { of: idleSeconds, text: (_, highest) => `idle for ${measured(highest, 'seconds')}` },
  act: block,
};

async function block({ orders, until }: Stage, signal: AbortSignal): Promise<void> {
  const url = orders.shopUrls.primary;
  const take = "UPDATE stock SET quantity = quantity - 1 WHERE sku = 'lamp'";
  await withSession(url, 'checkout', (checkout) =>
    withSession(url, 'warehouse', async (warehouse) => {
      await checkout.query(`BEGIN; ${take}`);
      const waiting = warehouse.query(take);
      waiting.catch(() => undefined); // awaited below; until then a failure must not end the demo
      const isLong = (scrape: Scrape): boolean => isBlocked(scrape) && idleSeconds(scrape) > longIdleSeconds;
      try {
        await until(isLong, 20_000, signal);
      } finally {
        await checkout.query('COMMIT');
      }
      await waiting;
    }),
  );
}
