import { randomBytes } from 'node:crypto';
import { engine } from '../../collectors/postgres/index.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { type PostgresStandby, startStandby } from '../../tests/support/postgres/standby.ts';
import { createShop } from './shop-schema.ts';

/** The PostgreSQL of the demo: a primary and a standby that streams from it. */
export interface OrdersServers {
  readonly primary: PostgresServer;
  readonly standby: PostgresStandby;
  /** For the application, and for whoever wants to look around with psql. */
  readonly shopUrls: Urls;
  /** For the agent: its login may read statistics and nothing else. */
  readonly agentUrls: Urls;
}

export interface Urls {
  readonly primary: string;
  readonly standby: string;
}

const standbyName = 'orders-standby';

/** Servers so small that a table of 12 MB does not fit; the standby reports its progress every second instead of every ten. */
const settings = {
  shared_buffers: '8MB',
  wal_receiver_status_interval: '1s',
  track_io_timing: 'on',
} as const;

/** As in real life, once the data are there: Reeve would find it critical otherwise. */
const durable = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' } as const;

/** Starts both servers with the shop's data in them. What is started is handed to `keep` at once, so that nothing is lost on failure. */
export async function startOrders(
  keep: (resource: AsyncDisposable) => void,
  signal: AbortSignal,
): Promise<OrdersServers> {
  const passwords = { postgres: makePassword(), shop: makePassword(), reeve: makePassword() };
  const primary = await startPostgres({
    major: 18,
    name: 'orders',
    password: passwords.postgres,
    settings,
    signal,
  });
  keep(primary);
  await createShop(primary, passwords.shop, signal);
  for (const statement of engine.grants.statements)
    await primary.query(fillIn(statement, passwords.reeve), 'shop');
  const standby = await startStandby(primary, { applicationName: standbyName, settings: durable, signal });
  keep(standby);
  for (const [name, value] of Object.entries(durable))
    await primary.query(`ALTER SYSTEM SET ${name} = ${value}`);
  await primary.query('SELECT pg_reload_conf()');
  const urls = (user: 'shop' | 'reeve'): Urls => ({
    primary: primary.url('shop', user, passwords[user]),
    standby: standby.url('shop', user, passwords[user]),
  });
  return { primary, standby, shopUrls: urls('shop'), agentUrls: urls('reeve') };
}

/** The manifest's statements are for people, who fill in what stands in angle brackets. */
function fillIn(statement: string, password: string): string {
  return statement.replaceAll('<password>', password).replaceAll('<database>', 'shop');
}

/** Made up for one run; letters and digits only, so it stands in SQL, URLs and access control lists as it is. */
export function makePassword(): string {
  return randomBytes(8).toString('hex');
}
