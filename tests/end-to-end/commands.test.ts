import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres/server.ts';
import { type ReeveResult, runReeve } from '../support/process.ts';
import { checkMetrics } from '../support/prometheus/promtool.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

const canary = 'canary-91ab-password';

/** The way of a newcomer: each command is a process of its own, on the file that `init` wrote. */
describe('init, check and collect', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let folder: TempDir;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    folder = await createTempDir('commands');
    postgres = await startPostgres({ major: 18, password: canary });
    redis = await startRedis({ config: { requirepass: canary } });
    await postgres.query('CREATE DATABASE orders');
  });
  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]();
    await postgres?.[Symbol.asyncDispose]();
    await folder?.remove();
  });

  const reeve = (...args: readonly string[]): Promise<ReeveResult> =>
    runReeve(args, { cwd: folder.path, env });

  it('lead from two URLs to numbers, and show no secret on the way', async () => {
    const orders = postgres.url('orders', 'postgres', canary);
    env = {};

    const init = await reeve('init', orders, redis.url);
    await writeFile(join(folder.path, 'reeve.yaml'), init.stdout);
    const names = [...init.stderr.matchAll(/export (\w+)='(\w+):/g)].map(([, name = '', protocol = '']) => [
      name,
      protocol === 'redis' ? redis.url : orders,
    ]);
    const withoutUrls = await reeve('check');
    env = Object.fromEntries(names);
    const check = await reeve('check');
    const collect = await reeve('collect', '--window', '2s');

    expect(init.code).toBe(0);
    expect(names.map(([name]) => name)).toContain('ORDERS_URL');
    expect(withoutUrls).toMatchObject({ code: 2, stdout: '' });
    expect(withoutUrls.stderr).toContain('environment variable ORDERS_URL is not set');
    expect(check.code).toBe(0);
    expect(check.stdout).toMatch(/^orders \(postgres\): reachable, 18/m);
    expect(check.stdout).toMatch(/\(redis\): reachable, /);
    expect(check.stdout).toContain('2 targets: 2 can be collected, 0 cannot');
    expect(collect.code).toBe(0);
    expect(collect.stdout).toMatch(/^reeve_target_up\{target="orders",engine="postgres"\} 1$/m);
    expect(collect.stdout).toMatch(/^reeve_redis_memory_used_bytes\{.*\} \d+$/m);
    expect(await checkMetrics(collect.stdout)).toEqual({ ok: true, output: '' });
    const printed = [init, withoutUrls, check, collect].map(({ stdout, stderr }) => stdout + stderr).join('');
    expect(printed).not.toContain(canary);
  });

  it('say which target is not there, and read the other', async () => {
    await redis.stop();

    const check = await reeve('check');
    const collect = await reeve('collect');

    expect([check.code, collect.code]).toEqual([1, 1]);
    expect(check.stdout).toMatch(/\(redis\): NOT REACHABLE \(unreachable\)/);
    expect(collect.stdout).toMatch(/^reeve_target_up\{.*engine="redis".*\} 0$/m);
    expect(collect.stdout).toMatch(/^reeve_target_up\{.*engine="postgres".*\} 1$/m);
  });
});
