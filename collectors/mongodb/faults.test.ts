import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import {
  type Deployment,
  type DeploymentOptions,
  startReplicaSet,
  startStandalone,
} from '../../tests/support/mongod/deployment.ts';
import { createAuthority } from '../../tests/support/net/certificates.ts';
import { createMemberClient, type MemberClient } from './client.ts';
import { errorsOf, linesOf, users, watchDeployment } from './testing/watch-deployment.ts';

const signal = new AbortController().signal;

async function standalone(options: DeploymentOptions = {}): Promise<Deployment> {
  const deployment = await startStandalone(options);
  onTestFinished(() => deployment[Symbol.asyncDispose]());
  return deployment;
}

/** A client of the first node, with a short limit. */
function clientOf(deployment: Deployment, timeLimitMs = 300): MemberClient {
  const client = createMemberClient({
    address: { host: '127.0.0.1', port: deployment.node(0).listener.port },
    username: undefined,
    password: undefined,
    authSource: undefined,
    authMechanism: undefined,
    tls: undefined,
    applicationName: 'reeve/test',
    timeLimitMs,
    clock: new FakeClock(),
  });
  onTestFinished(() => client.close());
  return client;
}

describe('a member that hangs', () => {
  it('costs its own part of a collection, and the others are read', async () => {
    const deployment = await startReplicaSet({ users });
    onTestFinished(() => deployment[Symbol.asyncDispose]());
    const watching = watchDeployment(deployment, { target: { interval: '2s', deadline: '1s' } });
    await watching.collect();
    deployment.node(2).faults.hang();

    const snapshot = await watching.collect();

    const hung = deployment.node(2).address;
    expect(snapshot.up).toBe(true);
    expect(linesOf(snapshot, 'member_up')).toContain(`member_up{${hung}} 0`);
    expect(new Set(errorsOf(snapshot).map((line) => line.replace(/^\S+ /, '')))).toEqual(
      new Set([`${hung} timeout`]),
    );
    expect(linesOf(snapshot, 'connections_current')).toHaveLength(2);

    deployment.node(2).faults.resume();
    await expect.poll(async () => errorsOf(await watching.collect())).toEqual([]);
  });

  it('is not asked again while it has not answered', async () => {
    const deployment = await standalone();
    const client = clientOf(deployment);
    await client.command('admin', { ping: 1 }, { signal });
    deployment.node(0).faults.hang();

    await expect(client.command('admin', { serverStatus: 1 }, { signal })).rejects.toMatchObject({
      code: 'timeout',
    });
    await expect(client.command('admin', { serverStatus: 1 }, { signal })).rejects.toThrow(
      /has not answered for \d+ s; it is not sent again until it has/,
    );

    deployment.node(0).faults.resume();
    await expect
      .poll(() => client.command('admin', { serverStatus: 1 }, { signal }).then(({ ok }) => ok, String))
      .toBe(1);
  });

  it('is not sent a query again that it has not answered', async () => {
    const deployment = await standalone({ databases: { shop: { orders: {} } } });
    const client = clientOf(deployment);
    await client.command('admin', { ping: 1 }, { signal });
    deployment.node(0).faults.hang();
    const list = async (): Promise<number> => {
      let count = 0;
      for await (const _each of client.query('shop', { listCollections: 1 }, { signal })) count += 1;
      return count;
    };

    await expect(list()).rejects.toThrow(/no answer in time/);
    await expect(list()).rejects.toThrow(/has not answered for \d+ s; it is not sent again until it has/);

    deployment.node(0).faults.resume();
    await expect.poll(() => list().catch(String)).toBe(1);
  });

  it('lets go at once when the collection is aborted', async () => {
    const deployment = await standalone();
    const client = clientOf(deployment, 60_000);
    await client.command('admin', { ping: 1 }, { signal });
    deployment.node(0).faults.hang();

    await expect(
      client.command('admin', { serverStatus: 1 }, { signal: AbortSignal.timeout(50) }),
    ).rejects.toMatchObject({ code: 'timeout' });
  });
});

describe('a connection that broke between two collections', () => {
  it('is no outage', async () => {
    const deployment = await startReplicaSet({ users });
    onTestFinished(() => deployment[Symbol.asyncDispose]());
    const watching = watchDeployment(deployment);
    await watching.collect();
    for (const { listener } of deployment.nodes) listener.drop();

    const snapshot = await watching.collect();

    expect(errorsOf(snapshot)).toEqual([]);
    expect(linesOf(snapshot, 'member_up').every((line) => line.endsWith(' 1'))).toBe(true);
  });
});

describe('a command', () => {
  it('carries a time limit that the server keeps, and says who asks', async () => {
    const deployment = await standalone();
    const client = clientOf(deployment, 5_000);
    deployment.node(0).faults.slow(10_000, 'serverStatus');

    await expect(
      client.command('admin', { serverStatus: 1 }, { signal, maxTimeMs: 50, group: 'cache' }),
    ).rejects.toThrow(/ended by its time limit/);
  });

  it.each([
    [50, 'MaxTimeMSExpired', 'timeout'],
    [13, 'Unauthorized', 'denied'],
    [91, 'ShutdownInProgress', 'unreachable'],
    [189, 'PrimarySteppedDown', 'unreachable'],
    [11_600, 'InterruptedAtShutdown', 'unreachable'],
    [13_436, 'NotPrimaryOrSecondary', 'unreachable'],
    [59, 'CommandNotFound', 'unsupported'],
    [76, 'NoReplicationEnabled', 'unsupported'],
    [40_324, 'Location40324', 'unsupported'],
    [462, 'IngressRequestRateLimitExceeded', 'throttled'],
    [8, 'UnknownError', 'malformed'],
  ])('that fails with %i is %s: %s', async (code, name, expected) => {
    const deployment = await standalone();
    deployment.node(0).faults.fail('replSetGetStatus', code, name);

    await expect(
      clientOf(deployment).command('admin', { replSetGetStatus: 1 }, { signal }),
    ).rejects.toMatchObject({
      code: expected,
    });
  });

  it('whose connection is reset is unreachable, and the next one connects anew', async () => {
    const deployment = await standalone();
    const client = clientOf(deployment);
    await client.command('admin', { ping: 1 }, { signal });
    deployment.node(0).faults.dropOn('serverStatus');

    await expect(client.command('admin', { serverStatus: 1 }, { signal })).rejects.toMatchObject({
      code: 'unreachable',
    });
    expect(await client.command('admin', { serverStatus: 1 }, { signal })).toMatchObject({ ok: 1 });
  });

  it('that is answered by half a message is unreachable', async () => {
    const deployment = await standalone();
    deployment.node(0).faults.truncate('serverStatus');

    await expect(
      clientOf(deployment).command('admin', { serverStatus: 1 }, { signal }),
    ).rejects.toMatchObject({
      code: 'unreachable',
    });
  });

  it('is never tried again by the driver', async () => {
    const deployment = await standalone();
    deployment.node(0).faults.fail('listDatabases', 91, 'ShutdownInProgress', 1);
    const client = clientOf(deployment);

    await expect(client.command('admin', { listDatabases: 1 }, { signal })).rejects.toThrow();
  });
});

describe('a query', () => {
  const collections = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`c${index}`, {}]));

  it('gives its documents batch by batch', async () => {
    const deployment = await standalone({ databases: { shop: collections } });
    const client = clientOf(deployment, 5_000);
    const names: unknown[] = [];

    const query = { listCollections: 1, nameOnly: true };
    for await (const { name } of client.query('shop', query, { signal, batchSize: 100 })) names.push(name);

    expect(names).toHaveLength(250);
  });

  it('leaves no cursor open when it is not read to its end', async () => {
    const deployment = await standalone({ databases: { shop: collections } });
    const client = clientOf(deployment, 5_000);

    for await (const _first of client.query('shop', { listCollections: 1 }, { signal, batchSize: 10 })) break;

    await expect.poll(() => deployment.node(0).cursors.open).toBe(0);
  });
});

describe('TLS', () => {
  async function trusting(validity?: { readonly toMs: number }): Promise<readonly [Deployment, string]> {
    const folder = await mkdtemp(join(tmpdir(), 'reeve-mongodb-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const authority = createAuthority();
    const { cert, key } = authority.issue(validity);
    await writeFile(join(folder, 'ca.pem'), authority.ca);
    const deployment = await standalone({ tls: { certificate: cert, key } });
    return [deployment, join(folder, 'ca.pem')];
  }

  it('encrypts with the authority of the target', async () => {
    const [deployment, ca] = await trusting();

    const snapshot = await watchDeployment(deployment, { target: { tls: { ca } } }).collect();

    expect(snapshot.failure).toBeUndefined();
    expect(errorsOf(snapshot)).toEqual([]);
  });

  it('fails closed on an expired certificate, and says so plainly', async () => {
    const [deployment, ca] = await trusting({ toMs: Date.now() - 60_000 });

    const snapshot = await watchDeployment(deployment, { target: { tls: { ca } } }).collect();

    expect(snapshot.up).toBe(false);
    expect(snapshot.failure?.code).toBe('unreachable');
    expect(snapshot.failure?.message).toContain("the server's certificate has expired");
  });

  it('does not trust an authority that nobody gave', async () => {
    const [deployment] = await trusting();

    const snapshot = await watchDeployment(deployment).collect();

    expect(snapshot.failure?.message).toContain('give tls.ca');
  });

  it('is never given up because the server does not speak it', async () => {
    const deployment = await standalone();

    const snapshot = await watchDeployment(deployment, {
      uri: `${deployment.uri}?tls=true`,
      target: { interval: '2s', deadline: '1s' },
    }).collect();

    expect(snapshot.up).toBe(false);
    expect(
      deployment
        .node(0)
        .connections()
        .filter(({ commands }) => commands.length > 0),
    ).toEqual([]);
  });
});
