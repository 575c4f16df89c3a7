import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/sdk.ts';
import { type Resolver, resolveSeeds } from './seeds.ts';
import { parseMongoUrl } from './url.ts';

const url = parseMongoUrl(new Secret('mongodb+srv://u:p@cluster0.abc.example.net/'));

function dns(hosts: readonly string[], text?: string): Resolver {
  return {
    srv: async (name) => {
      expect(name).toBe('_mongodb._tcp.cluster0.abc.example.net');
      return hosts.map((host) => ({ name: host, port: 27_017 }));
    },
    txt: async () => {
      if (text === undefined) throw new Error('queryTxt ENODATA');
      return [[text]];
    },
  };
}

describe('resolveSeeds', () => {
  it('lists the servers of the SRV record, and the authSource of the TXT record', async () => {
    const resolver = dns(
      ['shard-00.abc.example.net', 'SHARD-01.abc.example.net.'],
      'authSource=admin&replicaSet=rs0',
    );

    expect(await resolveSeeds(url, resolver)).toEqual({
      addresses: [
        { host: 'shard-00.abc.example.net', port: 27_017 },
        { host: 'shard-01.abc.example.net', port: 27_017 },
      ],
      authSource: 'admin',
    });
  });

  it('needs no TXT record', async () => {
    expect((await resolveSeeds(url, dns(['a.abc.example.net']))).authSource).toBeUndefined();
  });

  it('sends no login to a server outside of the domain', async () => {
    await expect(resolveSeeds(url, dns(['a.abc.example.net', 'abc.example.net.evil.test']))).rejects.toThrow(
      /abc\.example\.net\.evil\.test .* not below abc\.example\.net/,
    );
  });

  it('is unreachable while DNS does not answer', async () => {
    const resolver: Resolver = { ...dns([]), srv: () => Promise.reject(new Error('querySrv ESERVFAIL')) };

    await expect(resolveSeeds(url, resolver)).rejects.toMatchObject({ code: 'unreachable' });
  });
});
