import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BackupOperations } from '../../../src/sdk.ts';
import { type RedisServer, startRedis } from '../../../tests/support/redis/server.ts';
import { runCommand } from '../../../tests/support/run-command.ts';
import { createTempDir } from '../../../tests/support/temp-dir.ts';
import { type Stage, setStage, users } from '../operations/testing/stage.ts';

let server: RedisServer;
/** A snapshot as the server wrote it. */
let snapshot: Buffer;
let place: { readonly path: string; remove(): Promise<void> };
let kept: string;
const stages: Stage[] = [];

beforeAll(async () => {
  server = await startRedis({ users });
  await server.command('SET', 'user:1', 'value');
  await server.command('SAVE');
  snapshot = await readFile(join(server.folder, 'dump.rdb'));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  place = await createTempDir('kept');
  kept = place.path;
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

describe('backups that are kept', () => {
  it("are listed newest first with what their marks say; the server's own file is no retained one", async () => {
    await writeFile(join(kept, 'monday.rdb'), snapshot);
    await writeFile(join(kept, '.tuesday.rdb'), snapshot);
    const own = { kind: 'rdb', path: join(server.folder, 'dump.rdb') };
    const { backups, stage } = await backupsOf({
      backups: { nightly: { kind: 'rdb', path: kept }, own, gone: { kind: 'aof', path: '/nowhere' } },
    });

    const found = await backups.list(stage.context);

    expect(
      found
        .map(({ chain, name, health, isRetained }) => [chain, name, health, isRetained])
        .toSorted(([one], [other]) => String(one).localeCompare(String(other))),
    ).toEqual([
      ['nightly', 'monday.rdb', 'ok', true],
      ['own', 'dump.rdb', 'ok', false],
    ]);
    expect(stage.evidence.map(({ title }) => title)).toEqual([
      expect.stringContaining('chain gone cannot be read'),
    ]);
  });

  it('are taken by a snapshot of the server, and kept whole under a name of their own', async () => {
    const { backups, stage } = await backupsOf();

    const taken = await backups.take?.(undefined, stage.context);
    const [found] = await backups.list(stage.context);

    expect(taken).toMatchObject({ chain: 'nightly', health: 'ok' });
    expect(found).toEqual({ ...found, ...taken, detail: found?.detail });
    expect(await readdir(kept)).toHaveLength(1);
  });

  it('are not taken into a chain that is not a folder of snapshots', async () => {
    const { backups, stage } = await backupsOf({ backups: { log: { kind: 'aof', path: kept } } });

    expect(await backups.take?.('log', stage.context)).toMatchObject({ id: 'chain_takes' });
    expect(await backups.take?.('other', stage.context)).toMatchObject({ id: 'chain_known' });
  });

  it('are watched: age, size, damage and lateness by chain', async () => {
    await writeFile(join(kept, 'old.rdb'), snapshot.subarray(0, -1));
    const stage = (await backupsOf({ workload: 'oltp' })).stage;

    const broken = await stage.collect();
    await writeFile(join(kept, 'new.rdb'), snapshot);
    const whole = await stage.collect();

    const findings = (readings: typeof broken.readings): readonly string[] =>
      readings.find(({ group }) => group === 'backups')?.findings.map(({ code }) => code) ?? [];
    const values = whole.samples.flatMap(({ metric: { name }, value }) =>
      name.startsWith('reeve_backup') ? [[name, value]] : [],
    );
    expect(findings(broken.readings)).toEqual(['backup_damaged', 'backup_missing']);
    expect(findings(whole.readings)).toEqual(['backup_damaged']);
    expect(Object.fromEntries(values)).toMatchObject({
      reeve_backups_damaged: 1,
      reeve_backup_bytes: snapshot.length,
    });
  });

  it('are asked for on a store that has none, and not on a cache', async () => {
    const codes = async (workload: string): Promise<readonly string[]> => {
      const { stage } = await backupsOf({ workload, backups: {} });
      const { readings } = await stage.collect();
      return (
        readings.find(({ group }) => group === 'backups')?.findings.map(({ code }) => code) ?? ['not read']
      );
    };

    expect(await codes('oltp')).toEqual(['no_backups_configured']);
    expect(await codes('cache')).toEqual([]);
  });

  it('come with a strategy whose scripts do as they say, in any folder', async () => {
    const folder = join(place.path, "nobody's 100 %");
    const { backups } = await backupsOf();
    const { files, next } = backups.strategy(folder);
    await mkdir(folder);
    for (const { name, text } of files) await writeFile(join(folder, name), text, { mode: 0o700 });
    await writeFile(join(folder, 'password'), 'dumps-only\n');
    const rule = /ACL SETUSER reeve_backup (.*)$/
      .exec(next[0] ?? '')?.[1]
      ?.replace('<password>', 'dumps-only');
    await server.command('ACL', 'SETUSER', 'reeve_backup', ...(rule ?? '').split(' '));
    const stopped = join(place.path, 'stopped server');
    await mkdir(stopped);

    const made = await runCommand(join(folder, 'backup.sh'), []);
    const [name = ''] = await readdir(join(folder, 'rdb'));
    const back = await runCommand(join(folder, 'restore.sh'), [join(folder, 'rdb', name), stopped]);
    const again = await runCommand(join(folder, 'restore.sh'), []);

    expect([made.code, back.stderr, back.code]).toEqual([0, '', 0]);
    expect(made.stdout).toContain(`kept ${join(folder, 'rdb', name)}`);
    expect(await readdir(stopped)).toContain('dump.rdb');
    expect(again.stderr).toContain('a kept file');
    expect(files.find((file) => file.name === 'crontab')?.text).toContain(
      String.raw`nobody'\''s 100 \%/backup.sh'`,
    );
  });

  it('come with a strategy that a shell accepts', async () => {
    const { backups } = await backupsOf();

    const { files, configLines } = backups.strategy('/var/backups/watched');

    for (const { text, isExecutable } of files.filter((file) => file.isExecutable)) {
      const shell = spawn('sh', ['-n'], { stdio: ['pipe', 'ignore', 'inherit'] });
      shell.stdin.end(text);
      expect([isExecutable, ...(await once(shell, 'exit'))]).toEqual([true, 0, null]);
    }
    expect(configLines.join('\n')).toContain('kind: rdb');
  });
});
