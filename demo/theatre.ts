import { type Agent, startAgent } from './agent.ts';
import { type OrdersServers, startOrders } from './servers/orders.ts';
import { requireRedis, type SessionsServers, startSessions } from './servers/sessions.ts';

/** Everything that runs. */
export interface Theatre {
  readonly orders: OrdersServers;
  /** Undefined where there is no Redis. */
  readonly sessions: SessionsServers | undefined;
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
  say('starting PostgreSQL with a standby, and Redis with a replica …');
  const [orders, sessions] = await allOrNone([
    startOrders(keep, signal),
    startSessionsIfPossible(keep, say, signal),
  ]);
  say('starting the agent …');
  const agent = await startAgent(folder, { orders, sessions }, keep, signal);
  return { orders, sessions, agent };
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

/** Like Promise.all, but waits for both also when one fails: what the other has started meanwhile is kept, too. */
async function allOrNone<A, B>([a, b]: readonly [Promise<A>, Promise<B>]): Promise<readonly [A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}
