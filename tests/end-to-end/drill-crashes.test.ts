import { copyFile, mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { createSocketRemediation } from '../../src/cli/socket-remediation.ts';
import { isOpen } from '../../src/core/remediation/run.ts';
import { findFreePort } from '../support/net/free-port.ts';
import { type ReeveProcess, spawnReeve } from '../support/process.ts';
import { startRedis } from '../support/redis/server.ts';
import { pointsPassed } from '../support/remediation/points-passed.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: 90_000 });

const entry = fileURLToPath(new URL('../support/remediation/mortal-agent.program.ts', import.meta.url));

/** In the middle of a restore, with its server running, and wherever the journal and the disk may differ; every point is tried in memory. */
const deadly = ['drill verify', 'before discard', 'after record'];

/** A schedule whose tick of today is just over. */
function everyDayAt(time: Date): string {
  return `${time.getUTCMinutes()} ${time.getUTCHours()} * * *`;
}

/** Programs that work below a folder. */
async function programsIn(folder: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_, index) => places[index]?.startsWith(folder));
}

it('an agent killed with kill -9 in a drill of the schedule, and started again each time, proves the restore once and leaves nothing', async () => {
  await using server = await startRedis();
  await using folder = await createTempDir('mortal-drill');
  await server.command('SET', 'user:1', 'somebody');
  await server.command('SAVE');
  const kept = join(folder.path, 'kept');
  const scratch = join(folder.path, 'scratch');
  await mkdir(kept);
  await copyFile(join(server.folder, 'dump.rdb'), join(kept, 'monday.rdb'));
  const configPath = join(folder.path, 'reeve.yaml');
  const pointsFile = join(folder.path, 'points');
  await writeFile(
    configPath,
    stringify({
      metrics: { listen: `127.0.0.1:${await findFreePort()}` },
      store: { path: './data' },
      remediation: { scratch, drills: everyDayAt(new Date()) },
      targets: [
        { id: 'cache', engine: 'redis', url: server.url, backups: { nightly: { kind: 'rdb', path: kept } } },
      ],
    }),
  );
  const control = createSocketRemediation(join(folder.path, 'data', 'control.sock'));
  const spawn = (): Promise<ReeveProcess> =>
    spawnReeve([pointsFile, deadly.join(','), 'run', '-c', configPath], { entry, cwd: folder.path });
  let agent = await spawn();
  let deaths = 0;
  let hasExited = false;
  try {
    const watch = (): void => {
      hasExited = false;
      void agent.exit.finally(() => {
        hasExited = true;
      });
    };
    watch();
    const run = await waitUntil(
      'the end of the drill',
      async () => {
        if (hasExited) {
          const { signal } = await agent.exit;
          if (signal !== 'SIGKILL') throw new Error(`an agent ended by itself:\n${agent.stderr}`);
          deaths += 1;
          agent = await spawn();
          watch();
        }
        const [found] = await control.runs({});
        return found !== undefined && !isOpen(found.state) && deaths === deadly.length ? found : undefined;
      },
      { timeoutMs: 60_000, everyMs: 50 },
    );

    expect(run.state, run.reason).toBe('verified');
    expect(run.trigger.kind).toBe('schedule');
    expect(await control.drills('cache', 10)).toMatchObject([{ verdict: 'verified', counts: true }]);
    expect(await control.runs({})).toHaveLength(1);
    expect((await control.verifyAudit()).fault).toBeUndefined();
    const events = (await control.audit(1, 500)).map(({ event }) => event);
    expect(events.filter((event) => event === 'drill_ended')).toHaveLength(1);
    expect(await pointsPassed(pointsFile)).toEqual(expect.arrayContaining(deadly));
    expect(await readdir(scratch)).toEqual([]);
    expect(await programsIn(scratch)).toEqual([]);
    expect(await server.command('GET', 'user:1')).toBe('somebody');
  } finally {
    await agent[Symbol.asyncDispose]();
  }
});
