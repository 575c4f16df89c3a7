import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { runReeve } from '../support/process.ts';
import { startRedis } from '../support/redis/server.ts';
import { createTempDir } from '../support/temp-dir.ts';

const age = /^reeve_objective_value\{.*objective="restore_test_age_seconds".*\} (\S+)$/;

it('a drill makes the age of the last restore young, on the page, and a restart remembers it', async () => {
  await using redis = await startRedis();
  await using folder = await createTempDir('drill-objective');
  const kept = join(folder.path, 'kept');
  await mkdir(kept);
  await redis.command('SET', 'user:1', 'somebody');
  await redis.command('SAVE');
  await copyFile(join(redis.folder, 'dump.rdb'), join(kept, 'monday.rdb'));
  const backups = { nightly: { kind: 'rdb', path: kept } };
  const config = {
    store: { path: join(folder.path, 'data') },
    remediation: { scratch: join(folder.path, 'scratch') },
    targets: [{ id: 'sessions', engine: 'redis', url: redis.url, interval: '1s', backups }],
  };
  const expectedSince = /^reeve_drill_expected_since_timestamp_seconds\{.*target="sessions".*\} (\S+)$/;
  const lastSuccess = /^reeve_drill_last_success_timestamp_seconds\{.*target="sessions".*\} (\S+)$/;
  let daemon: Daemon = await startDaemon({ config });
  const numberOf = async (pattern: RegExp): Promise<number> =>
    Number((await daemon.waitForSample(pattern)).split(' ').at(-1));
  try {
    const since = await numberOf(expectedSince);

    const { code } = await runReeve(['drill', 'sessions', '-c', daemon.configPath], { cwd: daemon.folder });
    const recovery = await numberOf(/^reeve_drill_recovery_seconds\{.*target="sessions".*\} (\S+)$/);
    daemon.process.signal('SIGTERM');
    await daemon.process.exit;
    await daemon[Symbol.asyncDispose]();
    daemon = await startDaemon({ config });
    const success = await numberOf(lastSuccess);
    const ageSeconds = await numberOf(age);

    expect(code).toBe(0);
    expect(recovery).toBeGreaterThan(0);
    expect(success).toBeGreaterThan(since);
    expect(await numberOf(expectedSince)).toBe(since);
    expect(Math.abs(Date.now() / 1_000 - ageSeconds - success)).toBeLessThan(10);
  } finally {
    await daemon[Symbol.asyncDispose]();
  }
}, 60_000);
