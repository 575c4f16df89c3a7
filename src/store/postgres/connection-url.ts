import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { messageOf } from '../../core/errors.ts';
import { StoreError } from '../store-error.ts';

/** Where the store's URL points. Nothing is taken from PG* variables or a password file: the configuration says it all. */
export interface StoreEndpoint {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Empty when the URL has none. */
  readonly password: string;
  /** `prefer`: encrypted where the server offers it, without asking who it is; false: not at all. */
  readonly tls: ConnectionOptions | 'prefer' | false;
  /** For messages: never with the password. */
  readonly name: string;
}

const shape = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^@/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(?:#.*)?$/is;

/**
 * Reads a URL as libpq does: `sslmode` (default `prefer`), `sslrootcert`, `sslcert`, `sslkey`, Unix sockets as `?host=/run/postgresql`.
 *
 * @throws {StoreError} `unusable` when it names several hosts, no user or an unknown sslmode, or a file cannot be read.
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 */
export function parseStoreUrl(url: string): StoreEndpoint {
  const match = shape.exec(url.trim());
  if (match === null) throw unusable('is not postgresql://user:password@host:port/database');
  const [, login = '', authority = '', path = '', search = ''] = match;
  const parameters = new URLSearchParams(search.replaceAll('+', '%2B'));
  const colon = login.indexOf(':');
  const user = decode(colon < 0 ? login : login.slice(0, colon)) || (parameters.get('user') ?? '');
  if (user === '') throw unusable('names no user');
  const given = parameters.get('host') ?? decode(authority);
  if (given.includes(',')) throw unusable('names several hosts: give the one that accepts writes');
  const { host, port } = splitHost(given);
  const database = decode(path) || (parameters.get('dbname') ?? '') || user;
  const number = Number(parameters.get('port') ?? port ?? 5432);
  return {
    host,
    port: number,
    user,
    database,
    password: colon < 0 ? (parameters.get('password') ?? '') : decode(login.slice(colon + 1)),
    tls: host.startsWith('/') ? false : tlsOptions(host, parameters),
    name: `postgresql://${host}:${number}/${database}`,
  };
}

function splitHost(text: string): { readonly host: string; readonly port: string | undefined } {
  if (text.startsWith('/')) {
    const [, folder = text, port] = /^(.*):(\d+)$/.exec(text) ?? [];
    return { host: folder, port };
  }
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
  return { host: bracketed ?? (plain || 'localhost'), port };
}

/** `require` and weaker encrypt without asking who is there, `verify-ca` asks for the issuer, `verify-full` for the name too. */
function tlsOptions(host: string, parameters: URLSearchParams): StoreEndpoint['tls'] {
  const mode = parameters.get('sslmode') ?? 'prefer';
  if (mode === 'disable') return false;
  if (mode === 'prefer' || mode === 'allow') return 'prefer';
  const root = parameters.get('sslrootcert');
  const options = {
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(root === null || root === 'system' ? {} : { ca: readFile('sslrootcert', root) }),
    ...readOptional('cert', 'sslcert', parameters),
    ...readOptional('key', 'sslkey', parameters),
  };
  const isAnyone = mode === 'no-verify' || (mode === 'require' && root === null);
  if (isAnyone) return { ...options, rejectUnauthorized: false };
  if (mode === 'require' || mode === 'verify-ca')
    return { ...options, rejectUnauthorized: true, checkServerIdentity: () => undefined };
  if (mode === 'verify-full') return { ...options, rejectUnauthorized: true };
  throw unusable('has an unknown sslmode; use disable, prefer, require, verify-ca or verify-full');
}

function readOptional(option: string, name: string, parameters: URLSearchParams): Record<string, string> {
  const path = parameters.get(name);
  return path === null ? {} : { [option]: readFile(name, path) };
}

function readFile(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw unusable(`names a file for ${name} that cannot be read: ${messageOf(thrown)}`, thrown);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A raw `%`: not percent-encoded after all, so the text stands for itself.
    return text;
  }
}

function unusable(what: string, cause?: unknown): StoreError {
  return new StoreError('unusable', `store.url ${what}`, { cause });
}
