import { billing, slowColumn } from '../servers/billing-schema.ts';
import { repeat } from '../sleep.ts';
import { type Stage, withSession } from '../stage.ts';

/** What goes on in billing all the time: pages that go through indexes, and the bank's search that has none. Ends with the signal. */
export async function runBilling(
  { billing: servers }: Pick<Stage, 'billing'>,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    showInvoices(servers.applicationUrl, signal),
    findPayments(servers.applicationUrl, signal),
  ]);
}

async function showInvoices(url: string, signal: AbortSignal): Promise<void> {
  await withSession(url, 'billing-web', (client) =>
    repeat(40, signal, async () => {
      await client.query('SELECT id, amount_cents FROM invoices WHERE id = $1', [below(billing.invoices)]);
      await client.query('SELECT id, amount_cents FROM invoices WHERE customer_id = $1', [
        below(billing.customers),
      ]);
    }),
  );
}

/** Reads the whole table each time, until there is an index. */
async function findPayments(url: string, signal: AbortSignal): Promise<void> {
  await withSession(url, 'billing-bank', (client) =>
    repeat(30, signal, async () => {
      await client.query(`SELECT id, invoice_id, amount_cents FROM payments WHERE ${slowColumn} = $1`, [
        `RF${below(billing.payments)}`,
      ]);
    }),
  );
}

function below(limit: number): number {
  return 1 + Math.floor(Math.random() * (limit - 1));
}
