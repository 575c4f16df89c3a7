import { type Clock, CollectError, type ServerAnswer } from '../../src/sdk.ts';
import type { Address } from './address.ts';
import { createMemberClient, type MemberClient, type TlsOptions } from './client.ts';
import type { MongodbOptions } from './config.ts';
import type { Seeds } from './seeds.ts';
import { type MongoUrl, parseMongoUrl } from './url.ts';

/** How members are connected to. */
export interface Connecting {
  readonly url: MongoUrl;
  /** Name of the login; undefined without one. */
  readonly username: string | undefined;
  /** `login: false` for arbiters, which hold no users. */
  client(address: Address, about: { readonly login: boolean; readonly seeds: Seeds }): MemberClient;
}

export interface ConnectLimits {
  readonly applicationName: string;
  readonly timeLimitMs: number;
  readonly clock: Clock;
  readonly onAnswer?: ((answer: ServerAnswer) => void) | undefined;
  readonly isActing?: boolean;
}

/** Opens clients with the login, certificates and limits of a target. */
export function targetConnect(options: MongodbOptions, limits: ConnectLimits): Connecting {
  const url = parse(options);
  const username = options.username ?? url.username;
  const password = options.password?.reveal() ?? url.password;
  const tls = tlsOf(options, url);
  const own = url.parameters.get('authsource') ?? url.database;
  const authMechanism = url.parameters.get('authmechanism');
  return {
    url,
    username,
    client: (address, { login, seeds }) =>
      createMemberClient({
        ...limits,
        address,
        ...(login
          ? {
              username,
              password,
              authMechanism,
              authSource:
                username === undefined
                  ? undefined
                  : (own ?? seeds.authSource ?? defaultSource(authMechanism)),
            }
          : { username: undefined, password: undefined, authMechanism: undefined, authSource: undefined }),
        tls,
      }),
  };
}

function defaultSource(mechanism: string | undefined): string {
  return mechanism === 'MONGODB-X509' || mechanism === 'PLAIN' ? '$external' : 'admin';
}

function parse(options: MongodbOptions): MongoUrl {
  try {
    return parseMongoUrl(options.url);
  } catch (thrown) {
    throw new CollectError('malformed', 'the url of the target is not a MongoDB connection string', {
      cause: thrown,
    });
  }
}

function tlsOf({ tls }: MongodbOptions, { parameters, isSrv }: MongoUrl): TlsOptions | undefined {
  const isOn = (name: string): boolean => parameters.get(name) === 'true';
  const said = parameters.get('tls') ?? parameters.get('ssl');
  const ca = tls?.ca ?? parameters.get('tlscafile');
  const certKey = parameters.get('tlscertificatekeyfile');
  const isEncrypted =
    tls !== undefined ||
    (said === undefined ? isSrv || ca !== undefined || certKey !== undefined : said === 'true');
  if (!isEncrypted) return undefined;
  return {
    ca,
    cert: tls?.cert,
    key: tls?.key,
    certKey,
    certKeyPassword: parameters.get('tlscertificatekeyfilepassword'),
    allowInvalidCertificates: isOn('tlsallowinvalidcertificates') || isOn('tlsinsecure'),
    allowInvalidHostnames: isOn('tlsallowinvalidhostnames') || isOn('tlsinsecure'),
  };
}
