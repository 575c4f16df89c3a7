import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { BackupOperations, DrillReport } from '../../../src/sdk.ts';
import { type RedisServer, startRedis } from '../../../tests/support/redis/server.ts';
import { createTempDir } from '../../../tests/support/temp-dir.ts';
import { waitUntil } from '../../../tests/support/wait-until.ts';
import { type Stage, setStage, users } from '../operations/testing/stage.ts';
import { scratchMark } from './scratch-server.ts';

let server: RedisServer;
/** A snapshot as the server wrote it. */
let snapshot: Buffer;
let place: { readonly path: string; remove(): Promise<void> };
let kept: string;
const stages: Stage[] = [];

beforeAll(async () => {
  server = await startRedis({ users, config: { appendonly: 'yes', appendfsync: 'always' } });
  for (let key = 0; key < 200; key += 1) await server.command('SET', `user:${key}`, `value of ${key}`);
  await server.command('HSET', 'profile:1', 'name', 'canary-name');
  await server.command('RPUSH', 'list', 'one', 'two', 'three');
  await server.command('SET', 'session:1', 'soon over', 'PX', 1);
  await server.command('SAVE');
  snapshot = await readFile(join(server.folder, 'dump.rdb'));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  place = await createTempDir('drill');
  kept = join(place.path, 'kept');
  await mkdir(kept);
  await mkdir(join(place.path, 'scratch'), { mode: 0o700 });
});
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage[Symbol.asyncDispose]();
  await place.remove();
});

async function backupsOf(
  target: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly backups: BackupOperations; readonly stage: Stage }> {
  const stage = await setStage(server, {
    target: { backups: { nightly: { kind: 'rdb', path: kept } }, ...target },
  });
  stages.push(stage);
  const { backups } = stage.operations;
  if (backups === undefined) throw new Error('no backups');
  return { backups, stage };
}

async function drill(
  target: Readonly<Record<string, unknown>> = {},
  folder = join(place.path, 'scratch'),
): Promise<DrillReport> {
  const { backups, stage } = await backupsOf(target);
  const request = { chain: undefined, backup: undefined, until: undefined };
  const report = await backups.drill?.(request, { ...stage.context, folder, onStep: () => undefined });
  if (report === undefined) throw new Error('no drill');
  await backups.discard?.(folder);
  expect(await scratchServers(folder)).toEqual([]);
  return report;
}

/** Programs that work in a folder. */
async function scratchServers(folder: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_, index) => places[index] === folder);
}

describe('a drill of a snapshot', () => {
  it('restores it, compares keys and values with the file, measures, and leaves no server', async () => {
    await writeFile(join(kept, 'monday.rdb'), snapshot);

    const report = await drill();

    expect(report).toMatchObject({ verdict: 'verified', subjects: [''], backup: { name: 'monday.rdb' } });
    expect(report.checks.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['checksum of the file', 'passed'],
      ['keys', 'passed'],
      ['sampled values', 'passed'],
      ['beside the target today', 'passed'],
    ]);
    expect(report.checks[1]?.detail).toMatch(/^20[23] keys in the file, 202 loaded/);
    expect(report.checks[2]?.detail).toMatch(/strings are in the file byte for byte/);
    expect(report.recoveryMs).toBeGreaterThan(0);
    expect(report.lossMs).toBeGreaterThan(0);
    expect(report.steps.map(({ name }) => name)).toEqual(['copy', 'restore', 'verify']);
    expect(JSON.stringify(report)).not.toContain('canary');
  });

  it.each([
    ['truncated by one byte', (file: Buffer) => file.subarray(0, -1), /mark at its end is missing/],
    ['with one byte changed', (file: Buffer) => withByte(file, 200), /checksum is wrong/],
    ['that is empty', () => Buffer.alloc(0), /does not begin as an RDB file/],
    ['of a newer Redis', (file: Buffer) => ofVersion(file, '0099'), /Can't handle RDB format version 99/],
  ])('fails for a file %s, and says what is wrong', async (_, spoil, text) => {
    await writeFile(join(kept, 'monday.rdb'), spoil(snapshot));

    const report = await drill();

    expect(report.verdict).toBe('failed');
    expect(report.text).toMatch(text);
    expect(report.recoveryMs).toBeUndefined();
  });

  it('takes the newest that is whole, not a newer one that is damaged', async () => {
    await writeFile(join(kept, 'monday.rdb'), snapshot);
    await writeFile(join(kept, 'tuesday.rdb'), snapshot.subarray(0, -1));

    const report = await drill();

    expect(report).toMatchObject({ verdict: 'verified', backup: { name: 'monday.rdb' } });
  });

  it('fails for a backup without a key of a target that has some', async () => {
    await using empty = await startRedis();
    await empty.command('SAVE');
    await copyFile(join(empty.folder, 'dump.rdb'), join(kept, 'monday.rdb'));

    const report = await drill();

    expect(report).toMatchObject({
      verdict: 'failed',
      text: expect.stringContaining('the backup holds no key'),
    });
  });

  it('fails where the scratch server has another password than its own', async () => {
    await writeFile(join(kept, 'monday.rdb'), snapshot);
    const program = join(place.path, 'other-password');
    await writeFile(program, '#!/bin/sh\nexec /usr/bin/redis-server "$@" --requirepass another\n');
    await chmod(program, 0o755);

    const report = await drill({ redisServer: program });

    expect(report).toMatchObject({
      verdict: 'failed',
      text: expect.stringContaining('does not take the password'),
    });
  });

  it('fails without redis-server, and says what to install', async () => {
    await writeFile(join(kept, 'monday.rdb'), snapshot);

    const report = await drill({ redisServer: '/nowhere/redis-server' });

    expect(report).toMatchObject({
      verdict: 'failed',
      text: expect.stringContaining('/nowhere/redis-server cannot be run'),
    });
  });

  it('fails where the path of a socket would be too long, and says what to set', async () => {
    await writeFile(join(kept, 'monday.rdb'), snapshot);
    const folder = join(place.path, 'deep'.repeat(25));
    await mkdir(folder);

    const report = await drill({}, folder);

    expect(report).toMatchObject({ verdict: 'failed', text: expect.stringContaining('remediation.scratch') });
  });

  it("is refused in the server's own folder, and touches nothing there", async () => {
    await writeFile(join(kept, 'monday.rdb'), snapshot);
    const before = await readdir(server.folder);
    const { backups, stage } = await backupsOf();

    const report = await backups.drill?.(
      { chain: undefined, backup: undefined, until: undefined },
      { ...stage.context, folder: server.folder, onStep: () => undefined },
    );

    expect(report).toMatchObject({ verdict: 'failed', text: expect.stringContaining('is not empty') });
    await backups.discard?.(server.folder);
    expect(await readdir(server.folder)).toEqual(before);
    expect(await server.command('PING')).toBe('PONG');
  });

  it('is verified while the target is down, with one check not done', async () => {
    await using dead = await startRedis({ users });
    await dead.stop();
    await writeFile(join(kept, 'monday.rdb'), snapshot);
    const stage = await setStage(dead, { target: { backups: { nightly: { kind: 'rdb', path: kept } } } });
    stages.push(stage);

    const report = await stage.operations.backups?.drill?.(
      { chain: undefined, backup: undefined, until: undefined },
      { ...stage.context, folder: join(place.path, 'scratch'), onStep: () => undefined },
    );

    expect(report).toMatchObject({ verdict: 'verified' });
    expect(report?.checks.at(-1)).toMatchObject({ verdict: 'not_done' });
  });
});

describe('a drill of an append-only file', () => {
  const aof = { backups: { log: { kind: 'aof', path: '' } } };
  beforeEach(async () => {
    const source = join(server.folder, 'appendonlydir');
    for (const name of await readdir(source)) await copyFile(join(source, name), join(kept, name));
    aof.backups.log.path = kept;
  });

  it('replays it', async () => {
    const report = await drill(aof);

    expect(report).toMatchObject({ verdict: 'verified', figures: { keys: 202 } });
    expect(report.checks[0]?.detail).toContain('its end is whole');
  });

  it('fails for one whose end was cut off: nobody knows how much is missing', async () => {
    const part = (await readdir(kept)).find((name) => name.endsWith('.incr.aof')) ?? '';
    await appendFile(join(kept, part), '*3\r\n$3\r\nSET\r\n$5\r\nuser:');

    const report = await drill(aof);

    expect(report).toMatchObject({ verdict: 'failed', recoveryMs: undefined });
    expect(report.text).toMatch(/its end was cut off within a command.*with 202 keys/);
  });

  it('fails for one with a part missing', async () => {
    const part = (await readdir(kept)).find((name) => name.endsWith('.incr.aof')) ?? '';
    await rm(join(kept, part));

    const report = await drill(aof);

    expect(report).toMatchObject({ verdict: 'failed', backup: { health: 'damaged' } });
  });
});

describe('discarding what a drill left', () => {
  it('ends the server of an agent that was killed, and no process that only has the number', async () => {
    const folder = join(place.path, 'scratch');
    await writeFile(
      join(folder, 'redis.conf'),
      `${scratchMark}\nport 0\nunixsocket ${folder}/redis.sock\nrequirepass x\ndir ${folder}\npidfile ${folder}/redis.pid\n`,
    );
    const left = spawn('/usr/bin/redis-server', [join(folder, 'redis.conf')], {
      cwd: folder,
      stdio: 'ignore',
    });
    const ended = once(left, 'exit');
    onTestFinished(() => void left.kill('SIGKILL'));
    await waitUntil('it to listen', async () => (await readdir(folder)).includes('redis.sock'));
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    onTestFinished(() => void stranger.kill());
    await writeFile(join(folder, 'redis.pid'), String(stranger.pid));
    const { backups } = await backupsOf();

    await backups.discard?.(folder);
    await ended;

    expect(await scratchServers(folder)).toEqual([]);
    expect(stranger.exitCode).toBeNull();
    await backups.discard?.(folder);
    await backups.discard?.(join(folder, 'nowhere'));
  });
});

function withByte(file: Buffer, at: number): Buffer {
  const copy = Buffer.from(file);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** Without a checksum, so that the version is all that is wrong. */
function ofVersion(file: Buffer, version: string): Buffer {
  const copy = Buffer.from(file);
  copy.write(version, 5, 'latin1');
  copy.fill(0, copy.length - 8);
  return copy;
}
