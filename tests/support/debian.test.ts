import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installDebianPackages, requireProgram } from './debian.ts';
import { createTempDir } from './temp-dir.ts';

const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

describe('requireProgram', () => {
  it('names the path of an installed program and the command that installs it', () => {
    const { path, install } = requireProgram('redis-server');

    expect(path === undefined || path.endsWith('/redis-server')).toBe(true);
    expect(install).toBe('sudo apt-get install --no-install-recommends redis-server');
  });
});

describe('installDebianPackages', () => {
  it.skipIf(!canInstall)('forbids services to start while it installs, and only then', async () => {
    await using folder = await createTempDir('policy');
    const policyFile = join(folder.path, 'policy-rc.d');
    const calls: { readonly line: string; readonly policy: string }[] = [];

    const outcome = await installDebianPackages(['redis-server'], {
      policyFile,
      run: async (command, args) => {
        calls.push({ line: [command, ...args].join(' '), policy: await readFile(policyFile, 'utf8') });
        return { code: 0, stdout: '', stderr: '' };
      },
    });

    expect(outcome).toEqual({ kind: 'installed' });
    expect(calls.map((call) => call.line)).toEqual([
      '/usr/bin/apt-get -q -o DPkg::Lock::Timeout=120 update',
      '/usr/bin/apt-get -q -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends redis-server',
    ]);
    expect(calls.every((call) => call.policy.includes('exit 101'))).toBe(true);
    expect(existsSync(policyFile)).toBe(false);
  });

  it.skipIf(!canInstall)('says what apt said when it fails, and keeps a policy that was there', async () => {
    await using folder = await createTempDir('policy');
    const policyFile = join(folder.path, 'policy-rc.d');
    await writeFile(policyFile, 'theirs');

    const installed = installDebianPackages(['nonsense'], {
      policyFile,
      run: async () => ({ code: 100, stdout: '', stderr: 'E: Unable to locate package nonsense' }),
    });

    await expect(installed).rejects.toThrow(/Unable to locate package nonsense/);
    expect(await readFile(policyFile, 'utf8')).toBe('theirs');
  });
});
