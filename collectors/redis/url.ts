import { CollectError, Secret } from '../../src/sdk.ts';
import { type Address, parseAddress } from './connection.ts';

/** What a URL says about a server and its login. */
export interface UrlParts {
  readonly address: Address;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly encrypted: boolean;
}

/**
 * Parses `redis://user:password@host:port/db`; the database does not matter, every one is read.
 *
 * @throws {CollectError} `unsupported` when it does not name one server, which the options have refused before.
 */
export function parseRedisUrl(secret: Secret): UrlParts {
  const url = URL.parse(secret.reveal());
  const address = url === null ? undefined : parseAddress(url.host, defaultPort);
  const problem = redisUrlProblem(secret);
  if (url === null || address === undefined || problem !== undefined) {
    throw new CollectError('unsupported', `the url of this target ${problem ?? notOneServer}`);
  }
  const password = decode(url.password);
  const username = decode(url.username);
  return {
    address,
    username: username === '' ? undefined : username,
    password: password === '' ? undefined : new Secret(password),
    encrypted: url.protocol === 'rediss:',
  };
}

/** Why the URL does not name one server, without its value; undefined when it does. */
export function redisUrlProblem(secret: Secret): string | undefined {
  const text = secret.reveal();
  const afterLogin = text.replace(/^\w+:\/\/(?:[^/?#]*@)?/, '');
  if (/^(?:[/?#:]|$)/.test(afterLogin)) {
    return 'names no host: write redis://host:port, such as redis://localhost:6379; sockets are not supported';
  }
  const url = URL.parse(text);
  if (url === null || parseAddress(url.host, defaultPort) === undefined) return notOneServer;
  if (!/^\/?\d*$/.test(url.pathname)) {
    return 'may have only a database number after the host, as in redis://host:port/0; sockets are not supported';
  }
  return undefined;
}

const defaultPort = 6379;

const notOneServer = 'must be redis://host:port';

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded after all: the text is the value.
    return text;
  }
}
