import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RemediationControl } from '../../../src/core/remediation/control.ts';
import type { DrillProof } from '../../../src/core/remediation/proof.ts';
import type { Run } from '../../../src/core/remediation/run.ts';
import {
  createFakeRemediation,
  type FakeRemediation,
  fakeReport,
  fakeRun,
  fakeRunId,
} from '../../support/fake-remediation.ts';
import { serveAgent } from './agent-fixture.ts';
import { type CliFixture, createCliFixture } from './support.ts';

const proof: DrillProof = {
  kind: 'drill',
  id: 'p-1',
  runId: fakeRunId,
  target: 'orders',
  engine: 'fake',
  at: Date.UTC(2026, 0, 2),
  verdict: 'verified',
  counts: true,
  subjects: ['shop'],
  chain: 'nightly',
  backup: 'orders-1.dump',
  takenAt: Date.UTC(2026, 0, 1),
  recoveryMs: 4_200,
  lossMs: 86_400_000,
  text: '3 tables are there, and every row can be read',
  checks: [{ name: 'rows of shop.visits', verdict: 'passed', detail: '40000 rows' }],
  steps: [
    { name: 'restore', command: 'pg_restore -d <database>\n  orders-1.dump', durationMs: 1_200, detail: '' },
  ],
};

describe('reeve drill', () => {
  let fixture: CliFixture;
  beforeEach(() => {
    fixture = createCliFixture();
    fixture.write(
      'reeve.yaml',
      'targets:\n  - { id: orders, engine: fake, url: fake://db1 }\nstore: { path: ./d }\n',
    );
  });
  afterEach(() => fixture.remove());

  const reeve = (...args: readonly string[]) =>
    fixture.run(['drill', ...args, '-c', join(fixture.folder, 'reeve.yaml')]);

  function agent(run: Partial<Run>, drills: readonly DrillProof[] = [proof]): Promise<FakeRemediation> {
    const states: readonly Run['state'][] = ['preparing', 'preparing', run.state ?? 'verified'];
    const steps = ['observe', 'restore', 'changelog'];
    let looks = -1;
    const show: RemediationControl['show'] = async () => {
      looks = Math.min(looks + 1, 2);
      const now = { ...run, state: states[looks] ?? 'verified', step: steps[looks] ?? '' };
      return fakeReport({ run: fakeRun({ pipeline: 'backup', reason: 'restored', ...now }) });
    };
    const answer = {
      ok: true,
      text: 'it prepares',
      run: fakeRun({ pipeline: 'backup', state: 'preparing' }),
    } as const;
    return serveAgent(fixture, createFakeRemediation({ answer, show, drills: async () => drills }));
  }

  it('begins a drill, says each step, and shows what was proven', async () => {
    const { asked } = await agent({ state: 'verified' });

    const { code, stdout, stderr } = await reeve('orders', '--chain', 'nightly', '--take', '--as', 'ada');

    expect(asked).toEqual([
      [
        'start',
        { pipeline: 'backup', target: 'orders', by: 'ada', request: { chain: 'nightly', take: true } },
      ],
    ]);
    expect(stderr).toMatch(/preparing, restore: restored/);
    expect(stdout).toContain('VERIFIED: orders, backup orders-1.dump of chain nightly');
    expect(stdout).toMatch(/^Recovery took +4\.2 s$/m);
    expect(stdout).toMatch(/^Would be lost +1d/m);
    expect(stdout).toMatch(/^rows of shop\.visits +ok +40000 rows$/m);
    expect(code).toBe(0);
  });

  it('fails with the drill, and says what failed', async () => {
    const checks = [{ name: 'amcheck', verdict: 'failed', detail: 'item order' }] as const;
    await agent({ state: 'failed' }, [
      { ...proof, verdict: 'failed', counts: false, recoveryMs: null, checks },
    ]);

    const { code, stdout } = await reeve('orders');

    expect(stdout).toContain('FAILED: orders');
    expect(stdout).toMatch(/^Recovery took +unknown$/m);
    expect(stdout).toMatch(/^amcheck +FAILED +item order$/m);
    expect(code).toBe(1);
  });

  it('says why there was nothing to restore', async () => {
    await agent({ state: 'failed', reason: 'no backups are configured' }, []);

    const { code, stderr } = await reeve('orders');

    expect(stderr).toContain('reeve: no backups are configured');
    expect(code).toBe(1);
  });

  it('writes the recovery procedure of the last drill that worked', async () => {
    const failed = { ...proof, id: 'p-2', verdict: 'failed' } as const;
    const { asked } = await agent({}, [failed, proof]);
    const file = join(fixture.folder, 'recovery.md');

    const { code } = await reeve('orders', '--runbook', file);

    const text = readFileSync(file, 'utf8');
    expect(text).toContain('# Recovery of orders (fake) from chain nightly');
    expect(text).toContain(
      '1. **restore** (took 1.2 s)\n\n   ```sh\n   pg_restore -d <database>\n     orders-1.dump\n   ```',
    );
    expect(asked).toEqual([]);
    expect(code).toBe(0);
  });

  it('has no recovery procedure before a drill has worked', async () => {
    await agent({}, []);

    const { code, stdout, stderr } = await reeve('orders', '--runbook');

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('no drill of orders has worked yet');
  });

  it('is unusable for a target that is not there, or a moment that is none', async () => {
    await agent({});

    expect(await reeve('order')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no target "order"'),
    });
    expect(await reeve('orders', '--until', 'noon')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('write a moment such as'),
    });
  });
});
