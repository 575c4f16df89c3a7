import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineEngine } from '../../../src/core/engine.ts';
import type { BackupFound, BackupOperations } from '../../../src/core/remediation/backups.ts';
import type { Operations } from '../../../src/core/remediation/operations.ts';
import { type CliFixture, createCliFixture, createServerEngine, type Ran } from './support.ts';

const found: BackupFound = {
  chain: 'nightly',
  kind: 'pg_dump',
  name: 'orders-1.dump',
  takenAt: Date.UTC(2026, 0, 1),
  recoverableUntil: Date.UTC(2026, 0, 1),
  bytes: 2_097_152,
  databases: ['shop'],
  health: 'ok',
  detail: 'its table of contents can be read',
  isRetained: true,
};

describe('reeve backup', () => {
  let fixture: CliFixture;
  beforeEach(() => {
    fixture = createCliFixture();
    fixture.write('reeve.yaml', 'targets:\n  - { id: orders, engine: fake, url: { env: ORDERS_URL } }\n');
  });
  afterEach(() => fixture.remove());

  function reeve(args: readonly string[], backups: Partial<BackupOperations> | undefined): Promise<Ran> {
    const offered: BackupOperations = {
      chains: ['nightly'],
      list: async () => [found],
      strategy: (folder) => ({
        summary: 'A dump every night, kept for 14 days.',
        files: [
          { name: 'backup.sh', text: `#!/bin/sh\n# ${folder}\n`, isExecutable: true },
          { name: 'backup.timer', text: '[Timer]\n', isExecutable: false },
        ],
        configLines: ['backups: { nightly: { kind: pg_dump, path: /backups } }'],
        next: ['install the timer', 'reeve drill orders'],
      }),
      ...backups,
    };
    const operations: Operations = {
      actions: [],
      identify: async () => ({}),
      check: async () => [],
      ...(backups === undefined ? {} : { backups: offered }),
      close: async () => undefined,
    };
    const engine = defineEngine({ ...createServerEngine(), createOperations: async () => operations });
    return fixture.run(['backup', ...args, '-c', join(fixture.folder, 'reeve.yaml')], {
      env: { ORDERS_URL: 'fake://user:hunter2hunter2@db1' },
      context: { loadEngines: async () => new Map([['fake', engine]]) },
    });
  }

  it('lists what other tools made, newest first, with what would be lost now', async () => {
    const { code, stdout } = await reeve(['list', 'orders'], {});

    expect(stdout).toMatch(/^CHAIN +KIND +NAME +TAKEN +WOULD LOSE +SIZE +HEALTH +DETAIL$/m);
    expect(stdout).toMatch(
      /^nightly +pg_dump +orders-1\.dump +2026-01-01T00:00:00Z .* 2 MiB +ok +its table/m,
    );
    expect(code).toBe(0);
  });

  it('is not fine while one is damaged', async () => {
    const { code, stdout } = await reeve(['list', 'orders'], {
      list: async () => [{ ...found, health: 'damaged', detail: 'it ends early' }],
    });

    expect(stdout).toMatch(/DAMAGED +it ends early/);
    expect(code).toBe(1);
  });

  it('says how to begin where none are configured', async () => {
    const { code, stdout, stderr } = await reeve(['list', 'orders'], { chains: [], list: async () => [] });

    expect(stdout).toBe('No backups.\n');
    expect(stderr).toContain('backup init orders');
    expect(code).toBe(0);
  });

  it('shows no secret when it fails', async () => {
    const failing = { list: () => Promise.reject(new Error('cannot ask fake://user:hunter2hunter2@db1')) };
    const { code, stderr } = await reeve(['list', 'orders'], failing);

    expect(code).toBe(1);
    expect(stderr).toContain('cannot ask');
    expect(stderr).not.toContain('hunter2');
  });

  it('writes a strategy, says what to configure and what comes next, and never writes over it', async () => {
    const out = join(fixture.folder, 'strategy');

    const first = await reeve(['init', 'orders', '--out', out], {});
    const second = await reeve(['init', 'orders', '--out', out], {});

    expect(first.code).toBe(0);
    expect(first.stdout).toContain('A dump every night');
    expect(first.stdout).toContain('    backups: { nightly:');
    expect(first.stdout).toContain('  2. reeve drill orders');
    expect(readFileSync(join(out, 'backup.sh'), 'utf8')).toBe(`#!/bin/sh\n# ${out}\n`);
    expect(statSync(join(out, 'backup.sh')).mode & 0o777).toBe(0o750);
    expect(statSync(join(out, 'backup.timer')).mode & 0o777).toBe(0o640);
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing is written over') });
  });

  it('is unusable on an engine that knows of no backups', async () => {
    expect(await reeve(['list', 'orders'], undefined)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('knows nothing of backups on fake'),
    });
  });
});
