import { describe, expect, it, onTestFinished } from 'vitest';
import type { ServerAnswer } from '../../src/sdk.ts';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import {
  type Deployment,
  type DeploymentOptions,
  startReplicaSet,
  startStandalone,
} from '../../tests/support/mongod/deployment.ts';
import {
  type DeploymentWatching,
  errorsOf,
  linesOf,
  users,
  watchDeployment,
} from './testing/watch-deployment.ts';

async function watched(
  options: DeploymentOptions = {},
): Promise<readonly [Deployment, DeploymentWatching, string]> {
  const clock = new FakeClock();
  const deployment = await startStandalone({ clock, ...options });
  onTestFinished(() => deployment[Symbol.asyncDispose]());
  return [deployment, watchDeployment(deployment, { clock }), deployment.node(0).address];
}

describe('every group', () => {
  it.each(['5.0.31', '6.0.20', '7.0.14', '8.0.4'])('is read without error on %s', async (version) => {
    const [, watching] = await watched({ version });

    const snapshot = await watching.collect();

    expect(errorsOf(snapshot)).toEqual([]);
    expect(linesOf(snapshot, 'tickets_available')).toHaveLength(2);
    expect(linesOf(snapshot, 'cache_limit_bytes')).toHaveLength(1);
  });

  it('shares one serverStatus and one connection', async () => {
    const [deployment, watching] = await watched();
    await watching.collect();
    const asking = deployment
      .node(0)
      .connections()
      .filter(({ monitoring }) => !monitoring);
    expect(asking).toHaveLength(1);
    const before = asking[0]?.commands.length;

    await watching.collect();

    const after = deployment
      .node(0)
      .connections()
      .find(({ id }) => id === asking[0]?.id);
    expect(after?.commands.slice(before)).toEqual(['hello', 'serverStatus']);
  });

  it('hands on each answer as it came, as plain data and without the login', async () => {
    const deployment = await startReplicaSet({ users, members: [{}] });
    onTestFinished(() => deployment[Symbol.asyncDispose]());
    const answers: ServerAnswer[] = [];
    const watching = watchDeployment(deployment, {
      input: { onAnswer: (answer) => void answers.push(answer) },
    });

    await watching.collect();

    const name = deployment.node(0).address;
    expect(new Set(answers.map(({ subject, request }) => `${subject} ${request}`))).toEqual(
      new Set(
        ['hello', 'buildInfo', 'replSetGetConfig', 'replSetGetStatus', 'serverStatus'].map(
          (each) => `${name} ${each}`,
        ),
      ),
    );
    expect(JSON.stringify(answers)).toContain('{"$numberLong":');
    expect(JSON.stringify(answers)).not.toContain('canary');
  });

  it('leaves out what the server does not say', async () => {
    const [deployment, watching] = await watched();
    deployment
      .node(0)
      .faults.answer('serverStatus', ({ host, pid, version, uptimeMillis, localTime, ok }) => ({
        host,
        pid,
        version,
        uptimeMillis,
        localTime,
        ok,
      }));

    const snapshot = await watching.collect();

    expect(errorsOf(snapshot)).toEqual([]);
    const groups = ['operations', 'cache', 'queues', 'targeting', 'resources', 'connections'];
    const samples = snapshot.readings
      .filter(({ group }) => groups.includes(group))
      .flatMap((each) => each.samples);
    expect(samples).toEqual([]);
  });
});

describe('windows', () => {
  it('tell hit ratio, targeting and latency of what happened in between', async () => {
    const [deployment, watching, name] = await watched();
    const { counters } = deployment.member(0);
    counters.work(1_000_000);
    await watching.collect();
    await watching.clock.advance(15_000);
    counters.add('wiredTiger.cache.pages requested from the cache', 2_000);
    counters.add('wiredTiger.cache.pages read into cache', 100);
    counters.add('metrics.queryExecutor.scannedObjects', 5_000);
    counters.add('metrics.document.returned', 50);

    const snapshot = await watching.collect();

    expect(linesOf(snapshot, 'cache_hit_ratio')).toEqual([`cache_hit_ratio{${name}} 0.95`]);
    expect(linesOf(snapshot, 'scanned_documents_per')).toEqual([
      `scanned_documents_per_returned{${name}} 100`,
    ]);
    expect(linesOf(snapshot, 'latency_p95')).toEqual([]);
  });

  it('say nothing of a cache that was hardly asked', async () => {
    const [deployment, watching] = await watched();
    await watching.collect();
    await watching.clock.advance(15_000);
    deployment.member(0).counters.add('wiredTiger.cache.pages requested from the cache', 99);

    expect(linesOf(await watching.collect(), 'cache_hit_ratio')).toEqual([]);
  });

  it('begin anew after a restart, even when the counters have passed their old values', async () => {
    const [deployment, watching] = await watched();
    deployment.member(0).counters.work(100);
    await watching.collect();
    await deployment.node(0).restart();
    deployment.member(0).counters.work(100_000);
    await watching.clock.advance(15_000);
    await watching.collect();

    const first = watching.latest().up ? watching.latest() : await watching.collect();
    expect(linesOf(first, 'hit_ratio')).toEqual([]);
    expect(linesOf(first, 'latency_mean')).toEqual([]);

    await watching.clock.advance(15_000);
    deployment.member(0).counters.work(1_000);
    expect(linesOf(await watching.collect(), 'hit_ratio')).toHaveLength(1);
  });
});
