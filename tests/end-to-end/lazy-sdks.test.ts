import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { engines } from '../../collectors/index.ts';
import { packagesLoadedBy } from '../support/loaded-packages.ts';
import { findFreePort } from '../support/net/free-port.ts';
import { createTempDir } from '../support/temp-dir.ts';

interface Watched {
  /** A target that nobody answers, without id and engine. */
  readonly target: (port: number) => Readonly<Record<string, unknown>>;
  /** What only this engine needs, and this target has to load. */
  readonly sdks: readonly string[];
}

/** By engine; secrets come by the environment. */
const watched: Readonly<Record<string, Watched>> = {
  postgres: { target: (port) => ({ url: `postgresql://reeve@127.0.0.1:${port}/orders` }), sdks: ['pg'] },
  redis: { target: (port) => ({ url: `redis://127.0.0.1:${port}` }), sdks: ['ioredis'] },
  mongodb: { target: (port) => ({ url: `mongodb://127.0.0.1:${port}` }), sdks: ['mongodb'] },
  cosmosdb: {
    target: (port) => ({
      account: { subscription: 'none', resourceGroup: 'none', name: 'none' },
      identity: { clientSecret: { tenant: 'none', clientId: 'none', secret: { env: 'SECRET' } } },
      endpoints: { arm: `https://127.0.0.1:${port}`, authority: `https://127.0.0.1:${port}` },
    }),
    sdks: ['@azure/identity'],
  },
  bigquery: {
    target: (port) => ({
      project: 'double-project',
      regions: ['us'],
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { env: 'KEY' },
    }),
    sdks: ['@google-cloud/bigquery', 'google-auth-library'],
  },
};

/** Cosmos DB by a key, which the target above does not have. */
const others = ['@azure/cosmos'];

describe('the libraries of an engine', () => {
  const sdks = [...Object.values(watched).flatMap(({ sdks }) => sdks), ...others];

  it.each(Object.keys(engines))('are loaded for a target of %s, and those of no other engine', async (id) => {
    const port = await findFreePort();
    const engine = watched[id];
    if (engine === undefined) throw new Error(`say here what ${id} loads`);
    await using folder = await createTempDir('lazy-sdks');
    await writeFile(
      join(folder.path, 'reeve.yaml'),
      stringify({ targets: [{ id: 'alone', engine: id, ...engine.target(port) }] }),
    );

    const loaded = await packagesLoadedBy(['collect'], {
      cwd: folder.path,
      env: { SECRET: 'none', KEY: serviceAccountKey(port) },
    });

    expect(loaded).toContain('zod');
    expect(loaded.filter((name) => sdks.includes(name)).toSorted()).toEqual(engine.sdks.toSorted());
  });
});

function serviceAccountKey(port: number): string {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return JSON.stringify({
    client_email: 'nobody@double.test',
    private_key: privateKey,
    token_uri: `http://127.0.0.1:${port}/token`,
  });
}
