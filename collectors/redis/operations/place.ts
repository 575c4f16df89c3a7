import { CollectError, type OperationsInput, Secret } from '../../../src/sdk.ts';
import { topologyOf } from '../collector.ts';
import type { RedisOptions } from '../config.ts';
import { type Address, type Connection, formatAddress } from '../connection.ts';
import { type Info, parseInfo } from '../info.ts';
import { targetConnect } from '../target-connect.ts';
import { parseRedisUrl, redisUrlProblem, type UrlParts } from '../url.ts';

export type RedisOperationsInput = OperationsInput<RedisOptions>;

/** One server of the deployment as it was just now; its connection closes with the call that it was made for. */
export interface Member {
  /** `host:port`. */
  readonly name: string;
  readonly address: Address;
  readonly info: Info;
  /** Of the collecting login. */
  readonly connection: Connection;
}

/** Longest wait for a connection and for each answer. */
const timeLimitMs = 4_000;

/**
 * Reads every server of the deployment by the collecting login, the primary first.
 *
 * @throws {CollectError} when one of them does not answer.
 */
export async function withMembers<T>(
  input: RedisOperationsInput,
  signal: AbortSignal,
  use: (members: readonly Member[]) => Promise<T>,
): Promise<T> {
  const connect = readingConnect(input);
  const topology = topologyOf(input.options, urlOf(input.options)?.address, connect);
  const connections: Connection[] = [];
  try {
    const { nodes } = await topology.discover(signal);
    const members: Member[] = [];
    for (const address of nodes) {
      const connection = await connect(address, 'server', signal);
      connections.push(connection);
      members.push({
        name: formatAddress(address),
        address,
        connection,
        info: await readInfo(connection, signal),
      });
    }
    if (members.length === 0) throw new CollectError('unreachable', 'no server is known');
    return await use(members.toSorted((one, other) => Number(isPrimary(other)) - Number(isPrimary(one))));
  } finally {
    for (const connection of connections) connection.close();
    topology.close();
  }
}

/** Reads one server by the collecting login. @throws {CollectError} */
export async function withMember<T>(
  input: RedisOperationsInput,
  address: Address,
  signal: AbortSignal,
  use: (member: Member) => Promise<T>,
): Promise<T> {
  const connection = await readingConnect(input)(address, 'server', signal);
  try {
    const info = await readInfo(connection, signal);
    return await use({ name: formatAddress(address), address, connection, info });
  } finally {
    connection.close();
  }
}

/**
 * Opens a connection of the login that acts to one server; whoever opens it closes it. A target with one URL is acted on where
 * remediation.credentials lead, one behind Sentinel where Sentinel says.
 *
 * @throws {CollectError} `denied` without credentials.
 */
export async function openActing(
  input: RedisOperationsInput,
  address: Address,
  connectionName: string,
  signal: AbortSignal,
): Promise<Connection> {
  const url = actingUrl(input);
  const own: RedisOptions = { ...input.options, username: url.username, password: url.password };
  const connect = targetConnect(own, url, { connectionName: nameOf(connectionName), timeLimitMs });
  return connect(input.options.sentinel === undefined ? url.address : address, 'server', signal);
}

/** Where and as whom acts are done. @throws {CollectError} without credentials, or when they are no URL. */
export function actingUrl({ credentials, target, conceal }: RedisOperationsInput): UrlParts {
  if (credentials === undefined)
    throw new CollectError(
      'denied',
      `target "${target.id}" has no remediation.credentials: the collecting login cannot act`,
    );
  if (redisUrlProblem(new Secret(credentials.reveal())) !== undefined)
    throw new CollectError(
      'denied',
      `remediation.credentials of target "${target.id}" must be redis://user:password@host:port`,
    );
  const url = parseRedisUrl(credentials);
  if (url.password !== undefined) conceal(url.password.reveal());
  return url;
}

export async function readInfo(connection: Connection, signal: AbortSignal): Promise<Info> {
  return parseInfo(String(await connection.call(['INFO', 'all'], signal)));
}

export function isPrimary({ info }: Pick<Member, 'info'>): boolean {
  return info.text('role') === 'master';
}

function readingConnect(input: RedisOperationsInput): ReturnType<typeof targetConnect> {
  const connectionName = nameOf(input.applicationName);
  return targetConnect(input.options, urlOf(input.options), { connectionName, timeLimitMs });
}

function urlOf({ url }: RedisOptions): UrlParts | undefined {
  return url === undefined ? undefined : parseRedisUrl(url);
}

/** CLIENT SETNAME takes no blanks. */
function nameOf(text: string): string {
  return text.replaceAll(/[^!-~]/g, '_');
}
