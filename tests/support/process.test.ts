import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runReeve, spawnReeve } from './process.ts';
import { createTempDir } from './temp-dir.ts';
import { waitUntil } from './wait-until.ts';

const support = (file: string): string => JSON.stringify(new URL(file, import.meta.url).pathname);

describe('spawnReeve', { timeout: 30_000 }, () => {
  it('captures output, finds lines and delivers signals', async () => {
    await using folder = await createTempDir('process');
    const entry = join(folder.path, 'program.mjs');
    await writeFile(
      entry,
      `process.on('SIGTERM', () => { console.log('bye'); process.exit(3); });
       setInterval(() => {}, 1000);
       console.error('listening on ' + process.argv[2] + process.env.LEVEL + process.env.VITEST);`,
    );

    await using reeve = await spawnReeve(['9464'], { entry, env: { LEVEL: 'debug' } });
    const [, port] = await reeve.waitForLine(/listening on (\d+)debugundefined/);
    reeve.signal('SIGTERM');

    expect(port).toBe('9464');
    expect(await reeve.exit).toEqual({ code: 3, signal: null });
    expect(reeve.stdout).toBe('bye\n');
    await expect(reeve.waitForLine(/never/)).rejects.toThrow(/exited with 3/);
  });
});

describe('runReeve', { timeout: 30_000 }, () => {
  it('kills a command that does not end', async () => {
    await using folder = await createTempDir('process');
    const entry = join(folder.path, 'program.mjs');
    await writeFile(entry, 'setInterval(() => {}, 1000);');

    const { code, signal } = await runReeve([], { entry, timeoutMs: 200 });

    expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
  });
});

describe('the watchdog', { timeout: 30_000 }, () => {
  it('ends the servers and removes the folders of a test process that is killed', async () => {
    await using folder = await createTempDir('process');
    const entry = join(folder.path, 'program.mts');
    await writeFile(
      entry,
      `import { createTempDir } from ${support('temp-dir.ts')};
       import { spawnServer } from ${support('server-process.ts')};
       const { path } = await createTempDir('orphan');
       const child = await spawnServer({ command: '/bin/sleep', args: ['600'], cwd: path, logFile: path + '/log' });
       console.log('started ' + child.pid + ' in ' + path);`,
    );

    const reeve = await spawnReeve([], { entry });
    const [, pid = '', path = ''] = await reeve.waitForLine(/started (\d+) in (.+)/);
    const before = await stateOf(pid);
    await reeve[Symbol.asyncDispose]();
    await waitUntil('the folder to go', () => !existsSync(path));

    expect(before).toMatch(/[SR]/);
    expect(await stateOf(pid)).toMatch(/^(gone|Z)$/);
  });
});

/** The letter of /proc, or `gone`. */
async function stateOf(pid: string): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'x (x) gone');
  return stat.split(' ')[2] ?? '';
}
