import { resolveSrv, resolveTxt } from 'node:dns/promises';
import { CollectError, messageOf } from '../../src/sdk.ts';
import type { Address } from './address.ts';
import type { MongoUrl } from './url.ts';

/** Where discovery begins, and what the DNS adds to the URL. */
export interface Seeds {
  readonly addresses: readonly Address[];
  readonly authSource: string | undefined;
}

/** DNS, as far as `mongodb+srv` needs it. */
export interface Resolver {
  srv(name: string): Promise<readonly { readonly name: string; readonly port: number }[]>;
  txt(name: string): Promise<readonly (readonly string[])[]>;
}

const systemResolver: Resolver = { srv: (name) => resolveSrv(name), txt: (name) => resolveTxt(name) };

/**
 * The servers that a connection string names. `mongodb+srv` lists them in DNS; only names below the same parent domain are taken, so
 * that a forged record cannot send a login elsewhere.
 *
 * @throws {CollectError} `unreachable` when DNS has no answer, `malformed` when it names a foreign server.
 * @see https://www.mongodb.com/docs/manual/reference/connection-string/#srv-connection-format
 */
export async function resolveSeeds(url: MongoUrl, resolver: Resolver = systemResolver): Promise<Seeds> {
  const [first] = url.hosts;
  if (!url.isSrv || first === undefined) return { addresses: url.hosts, authSource: undefined };
  const service = url.parameters.get('srvservicename') ?? 'mongodb';
  const records = await lookUp(() => resolver.srv(`_${service}._tcp.${first.host}`), first.host);
  if (records.length === 0) throw new CollectError('unreachable', `DNS lists no server for ${first.host}`);
  const parent = first.host.split('.').slice(1).join('.');
  const addresses = records.map(({ name, port }) => ({ host: name.replace(/\.$/, '').toLowerCase(), port }));
  const foreign = addresses.find(({ host }) => parent === '' || !host.endsWith(`.${parent}`));
  if (foreign !== undefined)
    throw new CollectError(
      'malformed',
      `DNS names ${foreign.host} for ${first.host}, which is not below ${parent}`,
    );
  return { addresses, authSource: await authSourceOf(resolver, first.host) };
}

/** The TXT record is optional. */
async function authSourceOf(resolver: Resolver, host: string): Promise<string | undefined> {
  try {
    const [record] = await resolver.txt(host);
    return new URLSearchParams(record?.join('') ?? '').get('authSource') ?? undefined;
  } catch (thrown) {
    if (/ENODATA|ENOTFOUND/.test(messageOf(thrown))) return undefined;
    throw new CollectError('unreachable', `DNS did not answer about ${host}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

async function lookUp<T>(ask: () => Promise<T>, host: string): Promise<T> {
  try {
    return await ask();
  } catch (thrown) {
    throw new CollectError('unreachable', `DNS did not answer about ${host}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}
