import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createTempDir } from '../support/temp-dir.ts';
import { root } from './command.ts';
import { formatTotals, sumTotals } from './totals.ts';
import { runVitest } from './vitest.ts';

const header = `import { beforeAll, describe, expect, it } from 'vitest';\n`;

/** Runs vitest on one file of tests in a project of its own. */
async function runOn(text: string): Promise<{ readonly totals: string; readonly said: string }> {
  await using directory = await createTempDir('runner');
  await mkdir(join(directory.path, 'tests'));
  await symlink(join(root, 'node_modules'), join(directory.path, 'node_modules'));
  await writeFile(join(directory.path, 'tests/a.test.ts'), header + text);
  await writeFile(join(directory.path, 'vitest.config.ts'), 'export default { test: {} };');
  const print = vi.spyOn(console, 'log').mockReturnValue();
  try {
    const totals = formatTotals(await runVitest(['--root', directory.path, '--silent'], 'ignore'));
    return { totals, said: print.mock.calls.flat().join('\n') };
  } finally {
    print.mockRestore();
  }
}

describe('runVitest', () => {
  it('counts what passed and what failed', async () => {
    const { totals } = await runOn(`it('a', () => {}); it('b', () => {}); it('c', () => expect(1).toBe(2));`);

    expect(totals).toBe('2 passed, 1 failed');
  });

  it('says why a test was skipped', async () => {
    const { totals, said } = await runOn(`it('a', () => {}); it('b', (c) => c.skip('no redis-server'));`);

    expect(totals).toBe('1 passed, 0 failed');
    expect(said).toContain('skipped  tests/a.test.ts > b: no redis-server');
  });

  it('counts a test that was skipped without a reason as failed', async () => {
    const { totals, said } = await runOn(`it('a', () => {}); it.skip('b', () => {});`);

    expect(totals).toBe('1 passed, 1 failed');
    expect(said).toContain('b: NO REASON GIVEN');
  });

  it.each([
    ['a file that does not load', `throw new Error('at import');`],
    ['an error between tests', `it('a', () => { queueMicrotask(() => { throw new Error('later'); }); });`],
    ['a file without tests', ``],
    ['a process that dies', `it('a', () => process.kill(process.pid, 'SIGKILL'));`],
  ])('fails on %s', async (_what, text) => {
    const { totals } = await runOn(text);

    expect(totals).toMatch(/^\d+ passed, [1-9]\d* failed$/);
  });
});

describe('sumTotals', () => {
  it('adds up gates and tests', () => {
    const total = sumTotals([
      { passed: 1, failed: 0 },
      { passed: 20, failed: 3 },
    ]);

    expect(formatTotals(total)).toBe('21 passed, 3 failed');
  });
});
