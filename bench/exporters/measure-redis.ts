import { setTimeout as delay } from 'node:timers/promises';
import { type RedisServer, startRedis } from '../../tests/support/redis/server.ts';
import type { Run } from '../run.ts';
import { startRedisExporter, startRedisExporterWithKeys, startReeveOnRedis } from './agents.ts';
import { measureSubject, type SubjectFigures } from './measure-subject.ts';

export const keyCount = 1_000_000;

/** A server with a million strings of 100 bytes. */
export async function startLargeRedis(): Promise<RedisServer> {
  const server = await startRedis({ name: 'bench', config: { 'enable-debug-command': 'local' } });
  await server.command('DEBUG', 'POPULATE', keyCount, 'key', 100);
  return server;
}

export async function measureRedis(server: RedisServer, run: Run): Promise<readonly SubjectFigures[]> {
  const subjects = [
    { start: () => startRedisExporter(server), settleMs: 500, isSlow: false },
    { start: () => startRedisExporterWithKeys(server), settleMs: 500, isSlow: true },
    { start: () => startReeveOnRedis(server, '1s', false), settleMs: 5_000, isSlow: false },
    { start: () => startReeveOnRedis(server, '1s', true), settleMs: 5_000, isSlow: false },
  ];
  const figures: SubjectFigures[] = [];
  for (const { start, settleMs, isSlow } of subjects) {
    await using agent = await start();
    run.say(agent.name);
    await delay(settleMs);
    figures.push(
      await measureSubject({
        agent,
        serverPid: server.pid,
        scrapes: isSlow || run.isQuick ? 3 : 20,
        polls: run.isQuick ? 5 : isSlow ? 4 : 20,
        everyMs: isSlow ? 3_000 : 1_000,
        countConnections: async () => Number((await server.info('clients')).get('connected_clients')) - 1,
      }),
    );
  }
  return figures;
}
