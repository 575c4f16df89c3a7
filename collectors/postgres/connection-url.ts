import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { ConnectionOptions } from 'node:tls';
import { CollectError } from '../../src/sdk.ts';

/** Where a URL points, in the driver's terms. Nothing is taken from PG* variables or a password file: the configuration says it all. */
export interface Endpoint {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Empty when the URL has none. */
  readonly password: string;
  /** How to encrypt; undefined: not at all. */
  readonly tls: ConnectionOptions | undefined;
  /** Without encryption when the server offers none: libpq's default. */
  readonly plainIfRefused: boolean;
  readonly directTls: boolean;
}

const shape = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^@/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(?:#.*)?$/is;

/**
 * Reads a URL as libpq does: `sslmode` (default `prefer`), `sslrootcert`, `sslcert`, `sslkey`, `sslnegotiation`, Unix sockets as
 * `?host=/run/postgresql` or `%2Frun%2Fpostgresql`, the user's name as default database.
 *
 * @throws {CollectError} `unsupported` when it names several hosts or an unknown sslmode, or a file cannot be read.
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 */
export function parseEndpoint(url: string): Endpoint {
  const match = shape.exec(url.trim());
  if (match === null) throw unusable('is not postgresql://user:password@host:port/database');
  const [, login = '', authority = '', path = '', search = ''] = match;
  const parameters = new URLSearchParams(search.replaceAll('+', '%2B'));
  const colon = login.indexOf(':');
  const user =
    decode(colon < 0 ? login : login.slice(0, colon)) || (parameters.get('user') ?? '') || accountName();
  const [host, port] = splitAuthority(parameters.get('host') ?? decode(authority), authority);
  const isSocket = host.startsWith('/');
  const mode = parameters.get('sslmode') ?? 'prefer';
  return {
    host: host === '' ? 'localhost' : host,
    port: Number(parameters.get('port') ?? port ?? 5432),
    user,
    database: decode(path) || (parameters.get('dbname') ?? '') || user,
    password: colon < 0 ? (parameters.get('password') ?? '') : decode(login.slice(colon + 1)),
    tls: isSocket ? undefined : tlsOptions(mode, parameters),
    plainIfRefused: mode === 'prefer' || mode === 'allow',
    directTls: parameters.get('sslnegotiation') === 'direct',
  };
}

function splitAuthority(hosts: string, authority: string): readonly [string, string | undefined] {
  if (hosts.includes(',')) throw unusable('names several hosts: make each server a target of its own');
  if (hosts.startsWith('/')) {
    const [, folder = hosts, port] = /^(.*):(\d+)$/.exec(hosts) ?? [];
    return [folder, port];
  }
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(hosts);
  if (bracketed !== null) return [bracketed[1] ?? '', bracketed[2]];
  const [, host = hosts, port] = /^([^:]*):(\d+)$/.exec(hosts) ?? [];
  return [host, port ?? /:(\d+)$/.exec(authority)?.[1]];
}

/** `require` and weaker encrypt without asking who is there, `verify-ca` asks for the issuer, `verify-full` for the name too. */
function tlsOptions(mode: string, parameters: URLSearchParams): ConnectionOptions | undefined {
  const root = parameters.get('sslrootcert');
  const files = {
    ...(root === null || root === 'system' ? {} : { ca: readFile('sslrootcert', root) }),
    ...readOptional('cert', 'sslcert', parameters),
    ...readOptional('key', 'sslkey', parameters),
  };
  const anyName = { checkServerIdentity: (): undefined => undefined };
  switch (mode) {
    case 'disable':
      return undefined;
    case 'allow':
    case 'prefer':
    case 'no-verify':
      return { ...files, rejectUnauthorized: false };
    case 'require':
      return root === null ? { ...files, rejectUnauthorized: false } : { ...files, ...anyName };
    case 'verify-ca':
      return { ...files, ...anyName };
    case 'verify-full':
      return files;
    default:
      throw unusable(`has an unknown sslmode; use disable, prefer, require, verify-ca or verify-full`);
  }
}

function readOptional(option: string, name: string, parameters: URLSearchParams): Record<string, string> {
  const path = parameters.get(name);
  return path === null ? {} : { [option]: readFile(name, path) };
}

function readFile(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new CollectError('unsupported', `cannot read the file of ${name} in the connection URL: ${path}`, {
      cause: thrown,
    });
  }
}

/** The name libpq falls back to; an account without one (a container with an arbitrary uid) has to be given in the URL. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch (thrown) {
    throw new CollectError('unsupported', 'the connection URL names no user', { cause: thrown });
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

function unusable(what: string): CollectError {
  return new CollectError('unsupported', `the connection URL ${what}`);
}
