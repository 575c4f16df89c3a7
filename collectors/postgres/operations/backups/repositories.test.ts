import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unprivilegedAccount } from '../../../../tests/support/account.ts';
import { makeArchive } from '../../../../tests/support/postgres/base-backup.ts';
import { operationContext } from '../../../../tests/support/postgres/operations-input.ts';
import { startPostgres } from '../../../../tests/support/postgres/server.ts';
import { runOrThrow } from '../../../../tests/support/run-command.ts';
import { repositoryOf } from './repositories.ts';
import { backupsOf, drill, fillShop, missingTools, openFolder } from './testing/backup-ground.ts';

const pgbackrest = '/usr/bin/pgbackrest';

describe('repositoryOf', () => {
  it('reads what pgBackRest 2.45 answers', () => {
    const answer = `[{"archive":[{"database":{"id":1,"repo-key":1},"id":"15-1","max":"000000010000000000000003","min":"000000010000000000000001"}],"backup":[{"archive":{"start":"000000010000000000000002","stop":"000000010000000000000002"},"backrest":{"format":5,"version":"2.45"},"database":{"id":1,"repo-key":1},"error":true,"info":{"delta":31716444,"repository":{"delta":4245237,"size":4245237},"size":31716444},"label":"20261124-040843F","lsn":{"start":"0/2000028","stop":"0/2000138"},"prior":null,"reference":null,"timestamp":{"start":1795493323,"stop":1795493336},"type":"full"}],"cipher":"none","db":[{"id":1,"repo-key":1,"system-id":7711585094494849000,"version":"15"}],"name":"main","repo":[{"cipher":"none","key":1,"status":{"code":0,"message":"ok"}}],"status":{"code":0,"lock":{"backup":{"held":false}},"message":"ok"}}]`;

    const [found] = repositoryOf({ kind: 'pgbackrest', stanza: 'main' }).parse(answer, 'repo');

    expect(found).toMatchObject({
      chain: 'repo',
      name: '20261124-040843F',
      takenAt: 1_795_493_323_000,
      recoverableUntil: 1_795_493_336_000,
      bytes: 4_245_237,
      restoredBytes: 31_716_444,
      health: 'damaged',
    });
    expect(found?.detail).toContain('with page checksum errors');
  });

  it('says what pgBackRest says of a stanza without backups', () => {
    const answer = `[{"archive":[],"backup":[],"cipher":"none","db":[],"name":"main","status":{"code":1,"message":"missing stanza path"}}]`;

    expect(() => repositoryOf({ kind: 'pgbackrest', stanza: 'main' }).parse(answer, 'repo')).toThrow(
      'pgbackrest says of stanza main: missing stanza path',
    );
  });

  it('reads the fields that WAL-G documents (transcribed: no WAL-G ran here)', () => {
    const answer = `[{"backup_name":"base_000000010000000000000004","time":"2026-11-23T01:00:09Z","wal_file_name":"000000010000000000000004","storage_name":"default","start_time":"2026-11-23T01:00:00.5Z","finish_time":"2026-11-23T01:00:08.25Z","date_fmt":"%Y-%m-%dT%H:%M:%S.%fZ","hostname":"db","data_dir":"/var/lib/postgresql","pg_version":150004,"start_lsn":67108904,"finish_lsn":67109120,"is_permanent":false,"system_identifier":7711585094494849000,"uncompressed_size":31716444,"compressed_size":4245237}]`;

    const [found] = repositoryOf({ kind: 'wal_g' }).parse(answer, 'cloud');

    expect(found).toMatchObject({
      kind: 'wal_g',
      name: 'base_000000010000000000000004',
      takenAt: Date.parse('2026-11-23T01:00:00.5Z'),
      recoverableUntil: Date.parse('2026-11-23T01:00:08.25Z'),
      bytes: 4_245_237,
      health: 'unknown',
    });
  });

  it('reads the fields that Barman documents, and passes over what is being made (transcribed: no Barman ran here)', () => {
    const answer = `{"main":[{"backup_id":"20261123T010000","end_time":"Mon Nov 23 01:00:08 2026","end_time_timestamp":"1795395608","size":"30.2 MiB","size_bytes":31716444,"status":"SUCCESS"},{"backup_id":"20261124T010000","status":"STARTED"}]}`;

    const found = repositoryOf({ kind: 'barman', server: 'main' }).parse(answer, 'barn');

    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      name: '20261123T010000',
      takenAt: 1_795_395_608_000,
      bytes: 31_716_444,
    });
  });

  it('names the tool that answers something else', () => {
    expect(() => repositoryOf({ kind: 'wal_g' }).parse('no backups', 'cloud')).toThrow(
      'wal-g backup-list answered something else than was expected of it',
    );
  });
});

/** The tool is optional: `sudo apt-get install --no-install-recommends pgbackrest`. */
describe.skipIf(!existsSync(pgbackrest) || missingTools !== undefined)('a repository of pgBackRest', () => {
  it('is drilled by its own restore and archive-get', async () => {
    await using folder = await openFolder('pgbackrest');
    const [repo, own] = [
      await makeArchive(join(folder.path, 'repo')),
      await makeArchive(join(folder.path, 'own')),
    ];
    const config = join(folder.path, 'pgbackrest.conf');
    const account = unprivilegedAccount('postgres');
    const run = (...args: readonly string[]) =>
      runOrThrow(pgbackrest, [`--config=${config}`, '--stanza=main', ...args], { account });
    await using server = await startPostgres({
      major: 15,
      settings: {
        archive_mode: 'on',
        wal_level: 'replica',
        archive_command: `${pgbackrest} --config=${config} --stanza=main archive-push %p`,
      },
    });
    const lines = [
      '[global]',
      `repo1-path=${repo}`,
      'repo1-retention-full=1',
      `log-path=${own}`,
      `lock-path=${own}`,
      'start-fast=y',
      'compress-level=1',
      '[main]',
      `pg1-path=${server.dataDirectory}`,
      `pg1-port=${server.port}`,
      `pg1-socket-path=${server.socketDirectory}`,
      'pg1-user=postgres',
    ];
    await writeFile(config, `${lines.join('\n')}\n`, { mode: 0o644 });
    await fillShop(server);
    await run('stanza-create');
    await run('--type=full', '--log-level-console=off', 'backup');
    const settings = { backups: { repo: { kind: 'pgbackrest', stanza: 'main', config } } } as const;

    const [found] = await backupsOf(server, settings).list(operationContext());
    const { report, runningAfter } = await drill(server, settings);

    expect(found).toMatchObject({ kind: 'pgbackrest', health: 'ok' });
    expect(report.text).toContain('came back on PostgreSQL 15');
    expect(report.verdict).toBe('verified');
    expect(report.subjects).toContain('shop');
    expect(runningAfter).toEqual([]);
  });
});
