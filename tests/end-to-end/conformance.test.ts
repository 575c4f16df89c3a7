import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres/server.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';
import { runCommand } from '../support/run-command.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

const entry = fileURLToPath(new URL('../conformance/main.ts', import.meta.url));
const canary = 'canary-Pa55w0rd';

function conform(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runCommand(process.execPath, [entry, ...args], { env });
}

describe('npm run conformance', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let folder: TempDir;

  beforeAll(async () => {
    folder = await createTempDir('conformance');
    redis = await startRedis({ name: 'conformance', config: { requirepass: canary } });
    postgres = await startPostgres({ major: 18, name: 'conformance', password: canary });
  });
  afterAll(async () => {
    await postgres?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
    await folder?.remove();
  });

  it('says of a Redis that it conforms, and what it does not offer', async () => {
    const { code, stdout, stderr } = await conform(
      ['redis', 'env:CACHE_URL', '--rounds', '2', '--pause', '200ms'],
      { CACHE_URL: redis.url },
    );

    expect(stderr).toContain('reading 2 of 2');
    expect(stdout).toContain('CONFORMS; reached in 2 of 2 rounds; 0 of 16 groups with errors');
    expect(stdout).toMatch(/holds +Counters only grow within one life of the server\./);
    expect(stdout).toMatch(/untested +A primary says which offset it has written/);
    expect(stdout).toMatch(/1 series {2}reeve_redis_node_up/);
    expect(stdout).toMatch(/absent {2}reeve_replication_lag_bytes\n +the server gave no value:/);
    expect(code).toBe(0);
  });

  it('proves a PostgreSQL and records its answers without secrets', async () => {
    const record = join(folder.path, 'fixtures');

    const { code, stdout, stderr } = await conform([
      'postgres',
      `postgres://postgres:${canary}@127.0.0.1:${postgres.port}/postgres`,
      '--rounds',
      '2',
      '--pause',
      '1s',
      '--record',
      record,
      '--json',
    ]);

    const report: unknown = JSON.parse(stdout);
    expect(report).toMatchObject({ engine: 'postgres', conforms: true, rounds: 2, roundsUp: 2, faults: [] });
    expect(stderr).toMatch(/\d+ answers recorded in .*fixtures: secrets are removed, names are not/);
    const files = await readdir(record);
    const texts = await Promise.all(files.map((file) => readFile(join(record, file), 'utf8')));
    expect(files.length).toBeGreaterThan(10);
    expect(files.every((file) => file.startsWith('postgres-18'))).toBe(true);
    expect([stdout, stderr, ...texts].filter((text) => text.includes(canary))).toEqual([]);
    expect(code).toBe(0);
  });

  it('says in its first lines why a deployment cannot be read', async () => {
    const { code, stdout } = await conform(['redis', 'env:CACHE_URL', '--rounds', '2', '--pause', '10ms'], {
      CACHE_URL: redis.url.replace(canary, 'canary-wrong'),
    });

    expect(stdout).toMatch(/^Not read\n {2}denied: /m);
    expect(stdout).toContain('DOES NOT CONFORM; reached in 0 of 2 rounds');
    expect(stdout).not.toContain('canary-wrong');
    expect(code).toBe(1);
  });

  it('tells what it has when it is interrupted', async () => {
    const child = spawn(process.execPath, [entry, 'redis', 'env:CACHE_URL', '--pause', '10m'], {
      env: { ...process.env, CACHE_URL: redis.url },
    });
    // The pause begins when the first reading has been begun and its note written; the signal ends either.
    child.stderr.once('data', () => child.kill('SIGINT'));
    const closed = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);

    expect(await closed).toEqual([1, null]);
    expect(stdout).toContain('  interrupted: the report holds only what was read until then');
    expect(stdout).toContain('DOES NOT CONFORM; reached in');
    expect(stderr).not.toContain('Error');
  });

  it.each([
    [[], 'name an engine'],
    [['redis'], 'give either a URI or --config'],
    [['oracle', 'oracle://x'], 'there is no engine oracle; this version knows'],
    [['redis', 'env:NOBODY'], 'environment variable NOBODY is not set'],
    [['redis', 'redis://h', '--rounds', '1'], '--rounds needs a whole number of 2 or more'],
    [['redis', `postgres://u:${canary}@h/d`], 'no engine for postgres://'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await conform(args);

    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(canary);
  });
});
