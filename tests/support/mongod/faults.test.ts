import { MongoNetworkError, MongoServerSelectionError } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { waitUntil } from '../wait-until.ts';
import { connect } from './client.ts';
import { startReplicaSet, startStandalone } from './deployment.ts';
import { docOf, listOf, numberOf } from './values.ts';

describe('faults of the double', () => {
  it('fails a command with a given code, as often as asked', async () => {
    await using deployment = await startStandalone();
    await using session = await connect(deployment.uri);
    const { faults } = deployment.node(0);

    faults.fail('serverStatus', 11_600, 'InterruptedAtShutdown', 1);

    await expect(session.command({ serverStatus: 1 })).rejects.toMatchObject({ code: 11_600 });
    expect(await session.command({ serverStatus: 1 })).toMatchObject({ ok: 1 });
  });

  it('hits one stage of aggregate and leaves the others alone', async () => {
    await using deployment = await startStandalone({ databases: { shop: { orders: {} } } });
    await using session = await connect(deployment.uri);
    const orders = session.client.db('shop').collection('orders');

    deployment.node(0).faults.fail('aggregate $indexStats', 13, 'Unauthorized');

    await expect(orders.aggregate([{ $indexStats: {} }]).toArray()).rejects.toMatchObject({ code: 13 });
    expect(await orders.aggregate([{ $collStats: { count: {} } }]).toArray()).toHaveLength(1);
  });

  it('is slow, and honours maxTimeMS while it is', async () => {
    await using deployment = await startStandalone();
    await using session = await connect(deployment.uri);
    deployment.node(0).faults.slow(30_000, 'serverStatus');

    const reading = session.command({ serverStatus: 1, maxTimeMS: 20 });

    await expect(reading).rejects.toMatchObject({ code: 50, codeName: 'MaxTimeMSExpired' });
    expect(await session.command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  it('hangs with open ports and answers when resumed', async () => {
    await using deployment = await startStandalone();
    await using session = await connect(deployment.uri);
    const { faults } = deployment.node(0);

    faults.hang();
    const reading = session.command({ ping: 1 });
    await expect(connect(deployment.uri, { serverSelectionTimeoutMS: 100 })).rejects.toBeInstanceOf(
      MongoServerSelectionError,
    );
    faults.resume();

    expect(await reading).toMatchObject({ ok: 1 });
  });

  it('drops a connection, and cuts an answer short', async () => {
    await using deployment = await startStandalone();
    await using session = await connect(deployment.uri, { retryReads: false });
    const { faults } = deployment.node(0);

    faults.dropOn('serverStatus');
    await expect(session.command({ serverStatus: 1 })).rejects.toBeInstanceOf(MongoNetworkError);
    faults.truncate('serverStatus');
    await expect(session.command({ serverStatus: 1 })).rejects.toBeInstanceOf(MongoNetworkError);

    expect(await session.command({ serverStatus: 1 })).toMatchObject({ ok: 1 });
  });

  it('lies where a test makes it lie: a hide that is acknowledged and ignored, a section that is missing, a huge answer', async () => {
    await using deployment = await startStandalone({
      databases: { shop: { orders: { indexes: [{ key: { a: 1 } }] } } },
    });
    await using session = await connect(deployment.uri);
    const { faults } = deployment.node(0);

    faults.answer('collMod', () => ({ ok: 1 }), 1);
    deployment.member(0).counters.overrides.set('wiredTiger', undefined);
    faults.answer('ping', (answer) => ({ ...answer, padding: 'x'.repeat(2_000_000) }));

    expect(
      await session.command({ collMod: 'orders', index: { name: 'a_1', hidden: true } }, 'shop'),
    ).not.toHaveProperty('hidden_new');
    expect(await session.command({ serverStatus: 1 })).not.toHaveProperty('wiredTiger');
    expect(String((await session.command({ ping: 1 }))['padding'])).toHaveLength(2_000_000);
  });

  it('refuses connections while stopped and takes them on the same port when started', async () => {
    await using deployment = await startStandalone();
    const { uri } = deployment;

    await deployment.node(0).stop();
    await expect(connect(uri, { serverSelectionTimeoutMS: 200 })).rejects.toBeInstanceOf(
      MongoServerSelectionError,
    );
    await deployment.node(0).start();

    await using session = await connect(uri);
    expect(await session.command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  it('refuses reads while recovering and writes on a replica', async () => {
    await using deployment = await startReplicaSet({ databases: { shop: { orders: {} } } });
    deployment.set.setState(2, 'RECOVERING');
    await using replica = await connect(deployment.uriFor({ node: deployment.node(1) }));
    await using recovering = await connect(deployment.uriFor({ node: deployment.node(2) }));

    await expect(replica.command({ insert: 'orders', documents: [{ a: 1 }] }, 'shop')).rejects.toMatchObject({
      code: 10_107,
    });
    await expect(recovering.command({ listIndexes: 'orders' }, 'shop')).rejects.toMatchObject({
      code: 13_436,
    });
    expect(await recovering.command({ serverStatus: 1 })).toMatchObject({ ok: 1 });
  });
});

describe('what the double counts', () => {
  it('moves the counters of serverStatus by the work it is given, histograms too', async () => {
    await using deployment = await startStandalone();
    await using session = await connect(deployment.uri);
    const { counters } = deployment.member(0);

    counters.work(1_000);
    counters.add('wiredTiger.cache.pages read into cache', 400);
    const status = await session.command({ serverStatus: 1, opLatencies: { histograms: true } });

    const reads = docOf(docOf(status['opLatencies'])['reads']);
    const cache = docOf(docOf(status['wiredTiger'])['cache']);
    expect(docOf(status['opcounters'])).toMatchObject({
      insert: 100,
      query: 600,
      update: 100,
      getmore: 100,
      command: 100,
    });
    expect(reads).toMatchObject({ ops: 700, latency: 350_000, histogram: [{ micros: 256, count: 700 }] });
    expect(cache).toMatchObject({ 'pages requested from the cache': 10_000, 'pages read into cache': 500 });
  });

  it.each([
    ['6.0.16', 'wiredTiger.concurrentTransactions', false],
    ['7.0.14', 'wiredTiger.concurrentTransactions', true],
    ['8.0.4', 'queues.execution', true],
  ])('keeps tickets where %s keeps them', async (version, path, hasQueues) => {
    await using deployment = await startStandalone({ version });
    await using session = await connect(deployment.uri);
    deployment.member(0).counters.set('tickets.read.out', 8);

    const status = await session.command({ serverStatus: 1 });

    const [section = '', field = ''] = path.split('.');
    const read = docOf(docOf(docOf(status[section])[field])['read']);
    expect(read).toMatchObject({ out: 8, available: 120, totalTickets: 128 });
    expect('queueLength' in read || 'normalPriority' in read).toBe(hasQueues);
  });

  it('counts connections by application, handshakes included', async () => {
    await using deployment = await startStandalone();
    const before = deployment.node(0).listener.acceptedEver;
    await using session = await connect(deployment.uri, { appName: 'reeve', maxPoolSize: 2 });
    await Promise.all(Array.from({ length: 8 }, () => session.command({ ping: 1 })));

    const pooled = deployment
      .node(0)
      .connections()
      .filter(({ appName, monitoring }) => appName === 'reeve' && !monitoring);

    expect(pooled.length).toBeLessThanOrEqual(2);
    expect(deployment.node(0).listener.acceptedEver).toBeGreaterThan(before);
    const status = docOf((await session.command({ serverStatus: 1 }))['connections']);
    expect(numberOf(status['current'])).toBe(deployment.connectionCount());
    await session.client.close();
    await waitUntil('the connections to close', () => deployment.connectionCount('reeve') === 0);
  });

  it('shows running operations and itself in $currentOp, and kills them', async () => {
    await using deployment = await startStandalone();
    await using session = await connect(deployment.uri, { appName: 'reeve' });
    const opid = deployment.member(0).running({ namespace: 'shop.orders', seconds: 120, appName: 'web' });
    const running = async () =>
      listOf(
        docOf(
          (
            await session.command({
              aggregate: 1,
              pipeline: [
                { $currentOp: { allUsers: true } },
                { $match: { active: true, secs_running: { $gte: 60 }, ns: { $not: /^(admin|local)\./u } } },
              ],
              cursor: {},
            })
          )['cursor'],
        )['firstBatch'],
      );

    expect(await running()).toMatchObject([{ opid, ns: 'shop.orders', secs_running: 120, appName: 'web' }]);
    await session.command({ killOp: 1, op: opid });
    expect(await running()).toEqual([]);
  });
});
