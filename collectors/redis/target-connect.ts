import { readFile } from 'node:fs/promises';
import { CollectError, messageOf, Secret } from '../../src/sdk.ts';
import type { RedisOptions } from './config.ts';
import type { Address, Connect } from './connection.ts';
import { parseAddress } from './connection.ts';

/** What a URL says about a server and its login. */
export interface UrlParts {
  readonly address: Address;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly encrypted: boolean;
}

/** Parses `redis://user:password@host:port/db`; the database does not matter, every one is read. */
export function parseRedisUrl(secret: Secret): UrlParts {
  const url = URL.parse(secret.reveal());
  const address = url === null ? undefined : parseAddress(url.host === '' ? 'localhost' : url.host, 6379);
  if (url === null || address === undefined) {
    throw new CollectError('malformed', 'the url of this target is not redis://host:port');
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

/** Opens connections with the login, certificates and limits of a target. */
export function targetConnect(
  options: RedisOptions,
  url: UrlParts | undefined,
  limits: { readonly connectionName: string; readonly timeLimitMs: number },
): Connect {
  const logins = {
    server: { username: options.username ?? url?.username, password: options.password ?? url?.password },
    sentinel: { username: options.sentinel?.username, password: options.sentinel?.password },
  };
  const encrypted = url?.encrypted === true || options.tls !== undefined;
  return async (address, role, signal) => {
    const [{ connectRedis }, tls] = await Promise.all([
      import('./client.ts'),
      encrypted ? readCertificates(options.tls) : undefined,
    ]);
    return connectRedis({ address, ...logins[role], tls, ...limits }, signal);
  };
}

/** Read anew for each connection, so that renewed certificates are used. */
async function readCertificates(files: RedisOptions['tls'] = {}): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {};
  for (const [name, path] of Object.entries(files)) {
    if (path === undefined) continue;
    try {
      texts[name] = await readFile(path, 'utf8');
    } catch (thrown) {
      throw new CollectError('denied', `the file under tls.${name} cannot be read: ${messageOf(thrown)}`);
    }
  }
  return texts;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded after all: the text is the value.
    return text;
  }
}
