import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../../src/core/remediation/run.ts';
import {
  createFakeRemediation,
  type FakeRemediation,
  fakeHash,
  fakeReport,
  fakeRun,
  fakeRunId,
} from '../../support/fake-remediation.ts';
import { serveAgent } from './agent-fixture.ts';
import { type CliFixture, createCliFixture } from './support.ts';

const request = { files: [{ name: '1_a', up: 'CREATE', down: 'DROP', tool: 'reeve' }] };

describe('reeve migrate beside a running agent', () => {
  let fixture: CliFixture;
  let folder: string;
  beforeEach(() => {
    fixture = createCliFixture();
    fixture.write(
      'reeve.yaml',
      'targets:\n  - { id: orders, engine: fake, url: fake://db1 }\nstore: { path: ./d }\n',
    );
    folder = join(fixture.folder, 'migrations');
    mkdirSync(folder);
    fixture.write('migrations/1_a.up.sql', 'CREATE');
    fixture.write('migrations/1_a.down.sql', 'DROP');
  });
  afterEach(() => fixture.remove());

  const reeve = (...args: readonly string[]) =>
    fixture.run(['migrate', ...args, '--target', 'orders', '-c', join(fixture.folder, 'reeve.yaml')]);

  /** Each look at the run finds it in the next of these states. */
  function agent(states: readonly Run['state'][], waiting: readonly Run[] = []): Promise<FakeRemediation> {
    const run = fakeRun({
      pipeline: 'migration',
      trigger: { kind: 'person', key: 'k', text: 'ada', request },
    });
    let looks = -1;
    return serveAgent(
      fixture,
      createFakeRemediation({
        answer: { ok: true, text: 'it prepares', run: { ...run, state: 'preparing' } },
        runs: async () => waiting,
        show: async () => {
          looks = Math.min(looks + 1, states.length - 1);
          return fakeReport({ run: { ...run, state: states[looks] ?? 'failed' } });
        },
      }),
    );
  }

  it('makes a plan of the files, shows it, and says how it is applied', async () => {
    const { asked } = await agent(['preparing', 'waiting']);

    const { code, stdout, stderr } = await reeve('plan', folder, '--as', 'ada');

    expect(asked).toEqual([
      [
        'start',
        { pipeline: 'migration', target: 'orders', by: 'ada', request: { directory: folder, ...request } },
      ],
    ]);
    expect(stdout).toContain(`Run ${fakeRunId}`);
    expect(stderr).toContain(`migrate apply ${folder} --target orders --plan ${fakeHash.slice(0, 12)}`);
    expect(code).toBe(0);
  });

  it('fails when the plan is refused', async () => {
    await agent(['preparing', 'refused']);

    expect((await reeve('plan', folder)).code).toBe(1);
  });

  it('applies the plan that waits for these very files, and no other', async () => {
    const waiting = fakeRun({ trigger: { kind: 'person', key: 'k', text: 'ada', request } });
    const { asked } = await agent(['waiting', 'approved', 'executing', 'soaking'], [waiting]);

    const { code, stdout, stderr } = await reeve(
      'apply',
      folder,
      '--plan',
      fakeHash.slice(0, 12),
      '--as',
      'ada',
    );

    expect(asked).toEqual([['approve', fakeRunId, { planHash: fakeHash, by: 'ada', comment: '' }]]);
    expect(stdout).toMatch(/^soaking: /);
    expect(stderr).toContain(`migrate rollback --target orders --run ${fakeRunId}`);
    expect(code).toBe(0);
  });

  it('makes a new plan when the one that waits is for other files', async () => {
    const others = { files: [{ name: '1_a', up: 'CREATE 2', down: 'DROP', tool: 'reeve' }] };
    const waiting = fakeRun({ trigger: { kind: 'person', key: 'k', text: 'ada', request: others } });
    const { asked } = await agent(['preparing', 'refused'], [waiting]);

    const { code } = await reeve('apply', folder, '--plan', fakeHash.slice(0, 12));

    expect(asked.map(([what]) => what)).toEqual(['start']);
    expect(code).toBe(1);
  });

  it('fails when it was rolled back, and says where to look', async () => {
    const waiting = fakeRun({ trigger: { kind: 'person', key: 'k', text: 'ada', request } });
    await agent(['waiting', 'executing', 'failed'], [waiting]);

    const { code, stdout, stderr } = await reeve('apply', folder, '--plan', fakeHash);

    expect(stdout).toMatch(/^failed: /);
    expect(stderr).toContain(`runs show ${fakeRunId}`);
    expect(code).toBe(1);
  });

  it('takes back the last one that stands', async () => {
    const { asked } = await agent(
      ['executing', 'cancelled'],
      [
        fakeRun({ id: 'r-00000000000a', state: 'kept', createdAt: 1 }),
        fakeRun({ state: 'soaking', createdAt: 2 }),
      ],
    );

    const { code } = await reeve('rollback', '--as', 'ada');

    expect(asked).toEqual([['cancel', fakeRunId, 'ada', true]]);
    expect(code).toBe(0);
  });

  it('has nothing to take back where nothing stands', async () => {
    await agent([], []);

    expect(await reeve('rollback')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no migration of orders stands that Reeve applied'),
    });
  });

  it('acknowledges a loss', async () => {
    const { asked } = await agent([]);

    const said = ['acknowledge', fakeRunId, '--comment', 'test rows', '--as', 'ada'];
    const { code } = await fixture.run(['migrate', ...said, '-c', join(fixture.folder, 'reeve.yaml')]);

    expect(asked).toEqual([['acknowledge', fakeRunId, 'ada', 'test rows']]);
    expect(code).toBe(0);
  });

  it('is unusable without a plan to approve where nobody can be asked, and on an engine without migrations', async () => {
    await agent([]);

    expect(await reeve('apply', folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--plan <hash>'),
    });
    expect(await reeve('status', folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('applies no migrations on fake'),
    });
    expect(await reeve('plan', folder, '--check')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('applies no migrations on fake'),
    });
    expect(await reeve('plan', join(folder, 'x'))).toMatchObject({ code: 2 });
  });
});
