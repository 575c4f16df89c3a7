import { engine } from '../../collectors/postgres/index.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { type PostgresStandby, startStandby } from '../../tests/support/postgres/standby.ts';
import { targets, unusedAfter } from '../agent-config.ts';
import type { Cast } from '../cast.ts';
import { fillIn, makePassword } from './logins.ts';
import { createShop } from './shop-schema.ts';

/** The PostgreSQL of the demo: a primary and a standby that streams from it. */
export interface OrdersServers {
  readonly primary: PostgresServer;
  readonly standby: PostgresStandby;
  readonly cast: Cast;
  /** For the application, and for whoever wants to look around with psql. */
  readonly shopUrls: Urls;
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
    await primary.query(fillIn(statement, { password: passwords.reeve, database: 'shop' }), 'shop');
  const standby = await startStandby(primary, { applicationName: standbyName, settings: durable, signal });
  keep(standby);
  for (const [name, value] of Object.entries(durable))
    await primary.query(`ALTER SYSTEM SET ${name} = ${value}`);
  await primary.query('SELECT pg_reload_conf()');
  const urls = (user: 'shop' | 'reeve'): Urls => ({
    primary: primary.url('shop', user, passwords[user]),
    standby: standby.url('shop', user, passwords[user]),
  });
  const shopUrls = urls('shop');
  return { primary, standby, shopUrls, cast: castOf(shopUrls, urls('reeve')) };
}

/** @param agentUrls of a login that may read statistics and nothing else. */
function castOf(shopUrls: Urls, agentUrls: Urls): Cast {
  return {
    engine: engine.id,
    title: `${engine.title} 18 with a standby`,
    targets: [targets.ordersPrimary, targets.ordersStandby],
    config,
    secrets: { ORDERS_PRIMARY_URL: agentUrls.primary, ORDERS_STANDBY_URL: agentUrls.standby },
    addresses: [
      { name: 'primary', url: shopUrls.primary },
      { name: 'standby', url: shopUrls.standby },
    ],
  };
}

const config = `  - id: ${targets.ordersPrimary}
    engine: postgres
    url: { file: secrets/ORDERS_PRIMARY_URL }   # its login has pg_monitor and nothing else
    interval: 2s                       # real life: 15s, the default
    workload: oltp
    labels: { environment: demo }
    unusedAfter: ${unusedAfter}                    # real life: 100d, the default
    membersComplete: true              # every server of this cluster is a target, so "unused" can be proven
    groups:                            # real life: leave it out, these are read every few minutes
      indexes: { every: 2s }
      statements: { every: 2s }
      top_statements: { every: 2s }

  - id: ${targets.ordersStandby}
    engine: postgres
    url: { file: secrets/ORDERS_STANDBY_URL }
    interval: 2s
    workload: olap                     # reports run here
    labels: { environment: demo }
    unusedAfter: ${unusedAfter}
    membersComplete: true
    groups:
      indexes: { every: 2s }
      statements: { every: 2s }
`;
