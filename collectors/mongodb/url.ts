import type { Secret } from '../../src/sdk.ts';
import { type Address, parseAddress } from './address.ts';

/** The parts of a MongoDB connection string that matter to a collector. */
export interface MongoUrl {
  /** `mongodb+srv`: `hosts` holds one name, whose SRV record lists the servers. */
  readonly isSrv: boolean;
  readonly hosts: readonly Address[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The database in the path; logins are looked up there unless `authSource` says otherwise. */
  readonly database: string | undefined;
  /** By name in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const shape = /^mongodb(\+srv)?:\/\/(?:([^/?#]*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;

/** The parts of a connection string. @throws {Error} that says what is wrong, without quoting the text. */
export function parseMongoUrl(url: Secret): MongoUrl {
  const match = shape.exec(url.reveal().trim());
  if (match === null)
    throw new Error(
      'must be mongodb://host[:port][,host…]/ or mongodb+srv://host/; encode @ : / ? # in the password',
    );
  const [, srv, login, hostList = '', path = '', query = ''] = match;
  const isSrv = srv !== undefined;
  const hosts = hostList.split(',').map((host) => parseAddress(host));
  if (hosts.some((host) => host === undefined)) throw new Error('names a host that is not host or host:port');
  if (isSrv && (hosts.length !== 1 || /:\d+$/.test(hostList)))
    throw new Error('mongodb+srv:// takes one host name without a port');
  const colon = login?.indexOf(':') ?? -1;
  return {
    isSrv,
    hosts: hosts.flatMap((host) => host ?? []),
    username:
      login === undefined || login === '' ? undefined : decode(colon < 0 ? login : login.slice(0, colon)),
    password: login === undefined || colon < 0 ? undefined : decode(login.slice(colon + 1)),
    database: path === '' ? undefined : decode(path),
    parameters: parseParameters(query),
  };
}

/** What is wrong with a connection string; undefined when it can be used. */
export function mongoUrlProblem(url: Secret): string | undefined {
  try {
    const { parameters } = parseMongoUrl(url);
    const unusable = ['loadbalanced', 'proxyhost'].find(
      (name) => parameters.get(name) === 'true' || (name === 'proxyhost' && parameters.has(name)),
    );
    return unusable === undefined
      ? undefined
      : `${unusable} hides the members, each of which has to be read; give the address of a member or of mongos`;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

function parseParameters(query: string): ReadonlyMap<string, string> {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return new Map(
    pairs.map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [decode(name).toLowerCase(), decode(value.join('='))];
    }),
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('holds a % that is not the start of an encoded character');
  }
}
