import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { createSocketRemediation } from '../../src/cli/socket-remediation.ts';
import type { RemediationControl } from '../../src/core/remediation/control.ts';
import { isOpen, type Run } from '../../src/core/remediation/run.ts';
import { findFreePort } from '../support/net/free-port.ts';
import { archivingInto, makeArchive, takeBaseBackup } from '../support/postgres/base-backup.ts';
import { type PostgresServer, startPostgres } from '../support/postgres/server.ts';
import { type ReeveProcess, spawnReeve } from '../support/process.ts';
import { pointsPassed } from '../support/remediation/points-passed.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: 120_000 });

const entry = fileURLToPath(new URL('../support/remediation/mortal-agent.program.ts', import.meta.url));

/** Where the journal and the database differ: each costs the lease of the one that died. Every statement is tried beside the engine. */
const deadly = ['after intent of apply 0001_phone', 'after apply 0001_phone', 'after undo 0001_phone'];

const file = {
  name: '0001_phone',
  up: `ALTER TABLE orders ADD COLUMN phone text; UPDATE orders SET phone = '1' WHERE id < 10`,
  down: 'ALTER TABLE orders DROP COLUMN phone',
  tool: 'reeve',
};

const schema = `
  CREATE ROLE reader LOGIN; GRANT pg_monitor TO reader;
  CREATE TABLE orders (id int PRIMARY KEY, note text);
  INSERT INTO orders SELECT g, 'n' FROM generate_series(1, 100) g`;
const standing = `
  SELECT (SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o) AS rows,
         (SELECT count(*)::int FROM information_schema.columns WHERE table_name = 'orders') AS columns`;

/** Agents that die one after the other, and the control interface of whoever lives. */
async function inTurn(spawn: (deadly: string) => Promise<ReeveProcess>, first: string) {
  let agent = await spawn(first);
  let deaths = 0;
  let hasExited = false;
  const watch = (): void => {
    hasExited = false;
    void agent.exit.finally(() => {
      hasExited = true;
    });
  };
  watch();
  return {
    deaths: () => deaths,
    revive: async (): Promise<void> => {
      if (!hasExited) return;
      const { signal } = await agent.exit;
      if (signal !== 'SIGKILL') throw new Error(`an agent ended by itself:\n${agent.stderr}`);
      deaths += 1;
      agent = await spawn(deadly.join(','));
      watch();
    },
    replace: async (): Promise<void> => {
      agent.signal('SIGTERM');
      await agent.exit;
      agent = await spawn(deadly.join(','));
      watch();
    },
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}

async function ended(control: RemediationControl, pipeline: Run['pipeline']): Promise<Run | undefined> {
  const [run] = (await control.runs({})).filter((each) => each.pipeline === pipeline);
  return run !== undefined && !isOpen(run.state) ? run : undefined;
}

function configOf(server: PostgresServer, development: PostgresServer, folder: string, port: number): object {
  const acting = (env: string) => ({ credentials: { env } });
  return {
    metrics: { listen: `127.0.0.1:${port}` },
    store: { path: './data' },
    remediation: { baseline: '1s', migrationSoak: '30s', scratch: join(folder, 'scratch') },
    targets: [
      {
        id: 'orders',
        engine: 'postgres',
        url: server.url('postgres', 'reader'),
        interval: '1s',
        binaries: server.binDirectory,
        backups: { nightly: { kind: 'base_backup', path: join(folder, 'kept'), wal: join(folder, 'wal') } },
        remediation: { mode: 'approve', rehearsal: 'orders-dev', ...acting('ACTING_URL') },
      },
      {
        id: 'orders-dev',
        engine: 'postgres',
        url: development.url('postgres', 'reader'),
        remediation: acting('ACTING_DEV_URL'),
      },
    ],
  };
}

it('an agent killed with kill -9 wherever a migration may stand half, and started again each time, applies it once and takes it back once', async () => {
  await using folder = await createTempDir('mortal-migration');
  // The account of the servers walks through it.
  await chmod(folder.path, 0o711);
  const wal = await makeArchive(join(folder.path, 'wal'));
  await using server = await startPostgres({ major: 18, settings: archivingInto(wal) });
  await using development = await startPostgres({ major: 18 });
  for (const each of [server, development]) await each.query(schema);
  await takeBaseBackup(server, { chain: join(folder.path, 'kept'), wal });
  const configPath = join(folder.path, 'reeve.yaml');
  const pointsFile = join(folder.path, 'points');
  const port = await findFreePort();
  await writeFile(configPath, stringify(configOf(server, development, folder.path, port)));
  const before = [await server.query(standing), await development.query(standing)];
  const control = createSocketRemediation(join(folder.path, 'data', 'control.sock'));
  const spawn = (points: string): Promise<ReeveProcess> =>
    spawnReeve([pointsFile, points, 'run', '-c', configPath], {
      entry,
      cwd: folder.path,
      env: { ACTING_URL: server.superuserUrl, ACTING_DEV_URL: development.superuserUrl },
    });
  await using agents = await inTurn(spawn, 'none');
  await waitUntil('the agent', async () => (await control.status().catch(() => undefined)) !== undefined);
  await control.start({ pipeline: 'backup', target: 'orders', by: 'alice' });
  const drill = await waitUntil('the drill', () => ended(control, 'backup'), {
    timeoutMs: 60_000,
    everyMs: 100,
  });
  expect(drill.state, drill.reason).toBe('verified');
  await agents.replace();

  let applied: unknown;
  const run = await waitUntil(
    'the end of the migration',
    async () => {
      await agents.revive();
      const [found] = (await control.runs({})).filter(({ pipeline }) => pipeline === 'migration');
      if (found === undefined) {
        const request = { files: [file], directory: 'migrations' };
        await control.start({ pipeline: 'migration', target: 'orders', by: 'alice', request });
      } else if (found.state === 'waiting' && found.planHash !== undefined) {
        await control.approve(found.id, { planHash: found.planHash, by: 'bob', comment: '' });
      } else if (found.state === 'soaking' && found.step !== 'undo') {
        applied ??= await server.query(standing);
        await control.cancel(found.id, 'carol', true);
      }
      return found !== undefined && !isOpen(found.state) ? found : undefined;
    },
    { timeoutMs: 90_000, everyMs: 50 },
  );

  expect(run.state, run.reason).toBe('cancelled');
  expect(await pointsPassed(pointsFile)).toEqual(expect.arrayContaining(deadly));
  expect(agents.deaths()).toBe(deadly.length);
  expect(applied).toMatchObject([{ columns: 3 }]);
  expect([await server.query(standing), await development.query(standing)]).toEqual(before);
  expect(await server.query('SELECT name FROM reeve.migrations')).toEqual([]);
  const report = await control.show(run.id);
  const acts = (report?.acts ?? []).filter(({ outcome }) => outcome === 'done' || outcome === 'already');
  expect(acts.map(({ direction }) => direction)).toEqual(['apply', 'undo']);
  expect((await control.verifyAudit()).fault).toBeUndefined();
  await waitUntil(
    'drills of the schedule, should there be one, to leave nothing',
    async () => (await readdir(join(folder.path, 'scratch'))).length === 0,
    { timeoutMs: 20_000 },
  );
});
