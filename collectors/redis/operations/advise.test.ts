import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../../src/sdk.ts';
import { startRedis } from '../../../tests/support/redis/server.ts';
import { watchTarget } from '../../../tests/support/watching.ts';
import { engine } from '../index.ts';
import { adviseCommands } from './advise.ts';
import { setStage, users } from './testing/stage.ts';

const row = (command: string, durationSeconds: number, node = 'a:6379') => ({
  node,
  id: 1,
  at: '2026-01-01T00:00:00.000Z',
  command,
  durationSeconds,
  client: '',
});

async function snapshotWith(details: Snapshot['readings'][number]['details']): Promise<Snapshot> {
  await using watching = watchTarget({
    engine,
    target: { url: { env: 'URL' } },
    env: { URL: 'redis://127.0.0.1:1' },
  });
  const snapshot = await watching.collect();
  const reading = {
    group: 'slowlog',
    state: 'ok',
    at: 0,
    durationMs: 1,
    errors: [],
    samples: [],
    findings: [],
    details,
    truncatedRows: 0,
  } as const;
  return { ...snapshot, readings: [reading] };
}

describe('advice on slow commands', () => {
  it('names each command once, the costliest first, with how often, how slow and what to write instead', async () => {
    const snapshot = await snapshotWith({
      slow_commands: [
        row('hgetall', 0.02),
        row('keys', 1.5),
        row('keys', 0.5, 'b:6379'),
        row('lrange', 0.05),
      ],
      commands: [{ node: 'a:6379', command: 'keys', calls: 40, seconds: 20 }],
    });

    const advice = adviseCommands(snapshot);

    expect(advice.map(({ title }) => title.split(':')[0])).toEqual(['KEYS', 'LRANGE', 'HGETALL']);
    expect(advice[0]).toMatchObject({
      kind: 'advice',
      body: {
        slowLogEntries: 2,
        slowestSeconds: 1.5,
        meanSeconds: 1,
        nodes: ['a:6379', 'b:6379'],
        callsSinceStart: 40,
        meanSecondsSinceStart: 0.5,
      },
    });
    expect(advice[0]?.body['instead']).toContain('SCAN cursor');
    expect(advice[2]?.body['instead']).toContain('HMGET');
  });

  it('says pipelining of short commands that are most of the calls, and nothing of rare ones', async () => {
    const snapshot = await snapshotWith({
      commands: [
        { node: 'a:6379', command: 'get', calls: 900_000, seconds: 2 },
        { node: 'a:6379', command: 'set', calls: 100, seconds: 0.001 },
      ],
    });

    const advice = adviseCommands(snapshot);

    expect(advice.map(({ body }) => [body['command'], body['instead']])).toEqual([
      ['GET', expect.stringContaining('pipeline')],
    ]);
  });

  it('shows nothing that could be data of a client', async () => {
    const snapshot = await snapshotWith({
      slow_commands: [row('canary key: 1', 0.1), row('x'.repeat(50), 0.1)],
    });

    const advice = adviseCommands(snapshot);

    expect(advice).toHaveLength(1);
    expect(JSON.stringify(advice)).not.toMatch(/canary|xxx/);
  });

  it('says nothing before the first reading', () => {
    expect(adviseCommands(undefined)).toEqual([]);
  });
});

describe('operations on a real server', () => {
  it('explains the slow commands of its slow log, without a key, and changes nothing', async () => {
    await using server = await startRedis({ users, config: { 'slowlog-log-slower-than': '0' } });
    await server.command('HSET', 'canary:hash', 'canary-field', '1');
    await server.command('HGETALL', 'canary:hash');
    await server.command('KEYS', 'canary:*');
    await using stage = await setStage(server);
    await stage.collect();
    const { operations, context, evidence } = stage;

    const advice = await operations.advise?.('query_optimisation', context);

    expect(advice?.map(({ body }) => body['command'])).toEqual(
      expect.arrayContaining(['KEYS', 'HGETALL', 'HSET']),
    );
    expect(evidence).toEqual(advice);
    expect(JSON.stringify(evidence)).not.toContain('canary');
    expect(await operations.identify(context.signal)).toMatchObject({
      role: 'master',
      version: expect.stringMatching(/^7/),
    });
  });
});

describe('guards of the engine', () => {
  it('are metrics that it has', () => {
    const { guards = [], metrics } = engine;

    expect(guards.map(({ metric }) => metric in metrics)).toEqual(guards.map(() => true));
  });
});
