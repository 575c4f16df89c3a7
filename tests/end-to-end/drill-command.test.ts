import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runReeve } from '../support/process.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

let server: RedisServer;
let folder: TempDir;
let kept: string;
let config: string;

beforeAll(async () => {
  server = await startRedis();
  folder = await createTempDir('drill-command');
  kept = join(folder.path, 'kept');
  config = join(folder.path, 'reeve.yaml');
  await mkdir(kept);
  for (let key = 0; key < 50; key += 1) await server.command('SET', `user:${key}`, 'a canary');
  await server.command('SAVE');
  await copyFile(join(server.folder, 'dump.rdb'), join(kept, 'monday.rdb'));
  await writeFile(
    config,
    stringify({
      metrics: { listen: '127.0.0.1:1' },
      store: { path: './data' },
      remediation: { scratch: './scratch' },
      targets: [
        { id: 'cache', engine: 'redis', url: server.url, backups: { nightly: { kind: 'rdb', path: kept } } },
      ],
    }),
  );
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const reeve = (...args: readonly string[]) => runReeve([...args, '-c', config], { cwd: folder.path });

it('a drill begun where no agent runs is done by the command itself, counts, and leaves nothing but the proof', async () => {
  const listed = await reeve('backup', 'list', 'cache');
  const drilled = await reeve('drill', 'cache');
  const runbook = await reeve('drill', 'cache', '--runbook');
  const card = await reeve('objectives', '--json');
  const audit = await reeve('audit', 'verify');

  expect(listed.stdout).toMatch(/^nightly +rdb +monday\.rdb /m);
  expect(drilled.stderr).toContain('this command works as one until it ends');
  expect(drilled.stdout).toContain('VERIFIED: cache, backup monday.rdb of chain nightly');
  expect(drilled.stdout).toMatch(/^Counts as restore test +yes$/m);
  expect(`${drilled.stdout}${drilled.stderr}`).not.toContain('a canary');
  expect(await readdir(join(folder.path, 'scratch'))).toEqual([]);
  expect(runbook.stdout).toContain('# Recovery of cache (redis) from chain nightly');
  expect(card.stdout).toContain('restore_test_age_seconds');
  expect(audit.stdout).toContain('The audit holds');
  expect([listed, drilled, runbook, audit].map(({ code }) => code)).toEqual([0, 0, 0, 0]);
}, 60_000);

it('a backup that ends one byte early fails the drill, and nothing else', async () => {
  const whole = await readFile(join(kept, 'monday.rdb'));
  await writeFile(join(kept, 'monday.rdb'), whole.subarray(0, -1));

  const { code, stdout } = await reeve('drill', 'cache', '--backup', 'monday.rdb');

  expect(stdout).toContain('FAILED: cache, backup monday.rdb');
  expect(code).toBe(1);
  expect(await readdir(join(folder.path, 'scratch'))).toEqual([]);
  expect(await server.command('DBSIZE')).toBe(50);
}, 60_000);
