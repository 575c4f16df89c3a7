import { CollectError, toCollectError } from '../../../src/sdk.ts';
import { type Address, formatAddress, parseAddress } from '../address.ts';
import type { MemberClient } from '../client.ts';
import type { MongodbOptions } from '../config.ts';
import { parseHello } from '../hello.ts';
import { resolveSeeds, type Seeds } from '../seeds.ts';
import { type Connecting, targetConnect } from '../target-connect.ts';
import type { MongodbOperationsInput } from './input.ts';

const timeLimitMs = 10_000;

/** How to connect with the login that acts; undefined where none is configured. */
function actingLogin(
  { options, credentials, clock, conceal }: MongodbOperationsInput,
  applicationName: string,
): Connecting | undefined {
  if (credentials === undefined) return undefined;
  const own: MongodbOptions = { ...options, url: credentials, username: undefined, password: undefined };
  const connecting = targetConnect(own, { applicationName, timeLimitMs, clock, isActing: true });
  if (connecting.url.password !== undefined) conceal(connecting.url.password);
  return connecting;
}

/**
 * One connection of the login that acts, to mongos, to the primary or to a standalone server; whoever opens it closes it.
 *
 * @throws {CollectError} `denied` without credentials; `unreachable` when nobody leads.
 */
export async function openActing(
  input: MongodbOperationsInput,
  applicationName: string,
  signal: AbortSignal,
): Promise<MemberClient> {
  const connecting = actingLogin(input, applicationName);
  if (connecting === undefined)
    throw new CollectError(
      'denied',
      `target "${input.target.id}" has no remediation.credentials: the collecting login cannot act`,
    );
  const seeds = await resolveSeeds(connecting.url);
  const search: Search = { connecting, seeds, signal, tried: new Set() };
  let problem: CollectError | undefined;
  for (const address of seeds.addresses) {
    const found = await follow(address, search);
    if (!(found instanceof CollectError)) return found;
    problem = problem?.code === 'denied' ? problem : found;
  }
  throw problem ?? new CollectError('unreachable', 'remediation.credentials name no server');
}

interface Search {
  readonly connecting: Connecting;
  readonly seeds: Seeds;
  readonly signal: AbortSignal;
  readonly tried: Set<string>;
}

/** Asks a member who leads, and goes there. */
async function follow(address: Address, search: Search): Promise<MemberClient | CollectError> {
  const name = formatAddress(address);
  if (search.tried.has(name)) return new CollectError('unreachable', `no primary behind ${name}`);
  search.tried.add(name);
  const client = search.connecting.client(address, { login: true, seeds: search.seeds });
  let isOurs = true;
  try {
    const answer = await client.command('admin', { hello: 1 }, { signal: search.signal, group: 'identity' });
    const { isMongos, isPrimary, set, primary } = parseHello(answer);
    if (isMongos || isPrimary || set === undefined) {
      isOurs = false;
      return client;
    }
    const leader = primary === undefined ? undefined : parseAddress(primary);
    if (leader === undefined) return new CollectError('unreachable', `${set} has no primary now`);
    return await follow(leader, search);
  } catch (thrown) {
    if (search.signal.aborted) throw thrown;
    return toCollectError(thrown);
  } finally {
    if (isOurs) await client.close();
  }
}
