import { shop } from '../servers/shop-schema.ts';
import { repeat } from '../sleep.ts';
import { type Stage, withSession } from '../stage.ts';

/** What goes on in the shop all the time; the stories come on top of it. Ends with the signal. */
export async function runShop({ orders }: Pick<Stage, 'orders'>, signal: AbortSignal): Promise<void> {
  await Promise.all([
    ...['web-1', 'web-2'].map((name) => sellOrders(orders.shopUrls.primary, name, signal)),
    reportOrders(orders.shopUrls.standby, signal),
  ]);
}

/** Every lookup goes through an index, and all of it fits in shared buffers. */
async function sellOrders(url: string, name: string, signal: AbortSignal): Promise<void> {
  await withSession(url, name, (client) =>
    repeat(60, signal, async () => {
      const ids = Array.from({ length: 80 }, () => below(shop.orders));
      await client.query('SELECT id, status, total_cents FROM orders WHERE id = ANY ($1)', [ids]);
      await client.query('SELECT id, status FROM orders WHERE customer_id = $1', [below(shop.customers)]);
      await client.query('SELECT id, name FROM customers WHERE country = $1 AND city = $2', [
        `country ${below(shop.countries)}`,
        `city ${below(shop.cities)}`,
      ]);
      await client.query(
        "INSERT INTO orders (customer_id, status, total_cents, created_at) VALUES ($1, 'new', $2, now())",
        [below(shop.customers), below(10_000)],
      );
    }),
  );
}

/** The only use of the index on `created_at`, and it happens on the standby. */
async function reportOrders(url: string, signal: AbortSignal): Promise<void> {
  await withSession(url, 'reports', (client) =>
    repeat(1_000, signal, async () => {
      await client.query(
        "SELECT count(*), sum(total_cents) FROM orders WHERE created_at > now() - interval '2 hours'",
      );
    }),
  );
}

function below(limit: number): number {
  return 1 + Math.floor(Math.random() * (limit - 1));
}
