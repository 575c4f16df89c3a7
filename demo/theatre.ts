import { prepareTemplate } from '../tests/support/postgres/data-directory.ts';
import { preparePostgres } from '../tests/support/postgres/installation.ts';
import { type Agent, startAgent } from './agent.ts';
import type { Cast } from './cast.ts';
import { type BillingServers, startBilling } from './servers/billing.ts';
import { type CartsAccount, startCarts } from './servers/carts.ts';
import { type CatalogServers, startCatalog } from './servers/catalog.ts';
import { type OrdersServers, startOrders } from './servers/orders.ts';
import { requireRedis, type SessionsServers, startSessions } from './servers/sessions.ts';
import { startWarehouse, type Warehouse } from './servers/warehouse.ts';

/** What runs beside the agent. */
export interface Servers {
  readonly orders: OrdersServers;
  readonly billing: BillingServers;
  /** Undefined where there is no Redis. */
  readonly sessions: SessionsServers | undefined;
  readonly catalog: CatalogServers;
  readonly carts: CartsAccount;
  readonly warehouse: Warehouse;
}

/** Everything that runs. */
export interface Theatre extends Servers {
  /** By engine, in the order of the scorecard. */
  readonly casts: readonly Cast[];
  readonly agent: Agent;
}

export interface OpeningInput {
  readonly folder: string;
  /** Takes over what was started; called at once, so that nothing is lost when a later start fails. */
  readonly keep: (resource: AsyncDisposable) => void;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Starts the servers side by side, then the agent.
 *
 * @throws {Error} with the log of what did not start.
 */
export async function openTheatre({ folder, keep, say, signal }: OpeningInput): Promise<Theatre> {
  say('starting PostgreSQL with a standby, two more that Reeve may change, and Redis with a replica …');
  say('starting doubles: of mongod (not MongoDB), of Azure (not Cosmos DB), of BigQuery (not Google) …');
  const template = preparePostgres(18).then(prepareTemplate);
  const starting = {
    orders: template.then(() => startOrders(keep, signal)),
    billing: template.then(() => startBilling(folder, keep, signal)),
    sessions: startSessionsIfPossible(keep, say, signal),
    catalog: startCatalog(keep),
    carts: startCarts(keep),
    warehouse: startWarehouse(keep),
  };
  // Waits for all also when one fails: what the others have started meanwhile is kept, too.
  await Promise.allSettled(Object.values(starting));
  const servers: Servers = {
    orders: await starting.orders,
    billing: await starting.billing,
    sessions: await starting.sessions,
    catalog: await starting.catalog,
    carts: await starting.carts,
    warehouse: await starting.warehouse,
  };
  say('starting the agent …');
  const casts = Object.values(servers).flatMap((each: Servers[keyof Servers]) => each?.cast ?? []);
  return { ...servers, casts, agent: await startAgent(folder, casts, keep, signal) };
}

async function startSessionsIfPossible(
  keep: (resource: AsyncDisposable) => void,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<SessionsServers | undefined> {
  const missing = await requireRedis(say, signal);
  if (missing === undefined) return startSessions(keep, signal);
  say(`going on without Redis. ${missing}`);
  return undefined;
}
