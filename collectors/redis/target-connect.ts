import { readFile } from 'node:fs/promises';
import { CollectError, messageOf } from '../../src/sdk.ts';
import type { ClientOptions } from './client.ts';
import type { RedisOptions } from './config.ts';
import type { Connect } from './connection.ts';
import type { UrlParts } from './url.ts';

/** Opens connections with the login, certificates and limits of a target. */
export function targetConnect(
  options: RedisOptions,
  url: UrlParts | undefined,
  limits: Pick<ClientOptions, 'connectionName' | 'timeLimitMs' | 'onAnswer'>,
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
