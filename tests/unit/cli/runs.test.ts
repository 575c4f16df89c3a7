import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startControlServer } from '../../../src/http/control-server.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createFakeApi } from '../../support/fake-control-api.ts';
import {
  createFakeRemediation,
  type FakeRemediation,
  fakeHash,
  fakeReport,
  fakeRunId,
} from '../../support/fake-remediation.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { type CliFixture, createCliFixture } from './support.ts';

const config = `targets:
  - { id: orders, engine: fake, url: fake://db1 }
store: { path: ./d }
`;

describe('reeve runs beside a running agent', () => {
  let fixture: CliFixture;
  beforeEach(() => {
    fixture = createCliFixture();
    fixture.write('reeve.yaml', config);
    mkdirSync(join(fixture.folder, 'd'));
  });
  afterEach(() => fixture.remove());

  const serve = async (remediation: FakeRemediation): Promise<FakeRemediation> => {
    const listener = await startControlServer({
      socketPath: join(fixture.folder, 'd/control.sock'),
      api: createFakeApi({ remediation: () => remediation }),
      clock: new FakeClock(),
      log: createRecordingLog(),
    });
    onTestFinished(() => listener.close(0));
    return remediation;
  };
  const reeve = (args: readonly string[]) => fixture.run([...args, '-c', join(fixture.folder, 'reeve.yaml')]);

  it('lists runs, what stands in the way, and what waits for a person', async () => {
    const status = async () => ({
      paused: { by: 'ada', at: Date.UTC(2026, 0, 1), reason: 'sale' },
      pauseFile: '/etc/reeve/pause',
      disabled: [
        {
          target: 'orders',
          action: 'hide',
          runId: fakeRunId,
          at: Date.UTC(2026, 0, 1),
          reason: 'it got slower',
        },
      ],
      refusing: 'the disk is full',
      auditHead: { sequence: 0, hash: '0'.repeat(64) },
    });
    const remediation = await serve(createFakeRemediation({ status }));

    const { code, stdout, stderr } = await reeve(['runs', 'list', '--target', 'orders', '--open']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('PAUSED since 2026-01-01T00:00:00Z by ada: sale. To go on: reeve resume -c');
    expect(stdout).toContain('PAUSED by the file /etc/reeve/pause');
    expect(stdout).toContain('REFUSING: the disk is full');
    expect(stdout).toContain('DISABLED hide on orders');
    expect(stdout).toMatch(/^RUN +STATE +FOR +TARGET +ACTION +OF$/m);
    expect(stdout).toMatch(/^r-0123456789ab +waiting +\w+ +orders +drop_unused_index +app\.public/m);
    expect(stdout).toContain('1 plan to decide on: reeve runs show r-0123456789ab -c');
    expect(remediation.filters).toEqual([
      {
        target: 'orders',
        states: ['preparing', 'waiting', 'approved', 'executing', 'soaking', 'half_applied'],
        limit: 50,
      },
    ]);
  });

  it('lists runs as a JSON array', async () => {
    await serve(createFakeRemediation());

    const { stdout } = await reeve(['runs', 'list', '--json']);

    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({
        id: fakeRunId,
        pipeline: 'index_management',
        state: 'waiting',
        target: 'orders',
        planHash: fakeHash,
      }),
    ]);
  });

  it('shows everything a person decides by', async () => {
    await serve(createFakeRemediation());

    const { code, stdout } = await reeve(['runs', 'show', fakeRunId]);

    expect(code).toBe(0);
    for (const words of [
      'Run r-0123456789ab: drop_unused_index of app.public.order_notes_created_idx',
      'orders (postgres), pipeline index_management',
      'by reeve: unused_index_bytes of app',
      'decide: reeve runs approve r-0123456789ab --plan 0123456789ab -c',
      `Plan ${fakeHash}`,
      'WARNING: the proof window is 3 days, 100 are advised',
      'DROP INDEX CONCURRENTLY "public"."order_notes_created_idx"',
      'undo (takes time: it is built again):',
      'CREATE INDEX CONCURRENTLY order_notes_created_idx ON public.order_notes (created)',
      'locks: ShareUpdateExclusiveLock',
      '1.5 GiB',
      'about 3 s',
      'still_unused: no member has used it since',
      'Rehearsal on orders-dev: passed',
      'rows of public.order_notes: 1000000 here, 990000 there',
      'rebuildSeconds: 41',
      'Acts: none; nothing was changed',
      'statistics: no scan in 101 days on 2 members  [e-0123456789abcdef]',
    ])
      expect(stdout).toContain(words);
  });

  it('shows who allowed it, what was done and what was not seen to end', async () => {
    const act = {
      id: 1,
      runId: fakeRunId,
      target: 'orders',
      act: 'drop',
      direction: 'apply',
      statement: 'DROP INDEX CONCURRENTLY "a\u001b[2J"',
      fence: 1,
      intentAt: Date.UTC(2026, 0, 1, 1),
      outcome: 'gave_up',
      outcomeAt: Date.UTC(2026, 0, 1, 1, 0, 4),
      detail: 'the lock was not free',
    } as const;
    const approval = {
      runId: fakeRunId,
      planHash: fakeHash,
      decision: 'approved',
      by: 'grace',
      at: Date.UTC(2026, 0, 1, 0, 30),
      comment: 'go',
    } as const;
    const unfinished = { ...act, id: 2, outcome: undefined, outcomeAt: undefined, detail: '' };
    await serve(createFakeRemediation({ reports: [fakeReport({ approval, acts: [act, unfinished] })] }));

    const { stdout } = await reeve(['runs', 'show', fakeRunId]);

    expect(stdout).toContain('Approved by grace at 2026-01-01T00:30:00Z, plan 0123456789ab: go');
    expect(stdout).toContain('apply drop: gave_up after 4 s');
    expect(stdout).toContain('the lock was not free');
    expect(stdout).toContain('begun, and its end is not known (yet)');
    expect(stdout).toContain('"a\\u001b[2J"');
    expect(stdout).not.toContain('\u001b');
  });

  it('knows no other run', async () => {
    await serve(createFakeRemediation());

    const { code, stdout, stderr } = await reeve(['runs', 'show', 'r-ffffffffffff']);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('there is no run r-ffffffffffff');
  });

  it('says why when the agent has no remediation', async () => {
    const listener = await startControlServer({
      socketPath: join(fixture.folder, 'd/control.sock'),
      api: createFakeApi({ remediation: () => ({ unavailable: 'the journal is damaged' }) }),
      clock: new FakeClock(),
      log: createRecordingLog(),
    });
    onTestFinished(() => listener.close(0));

    expect(await reeve(['runs', 'list'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('answered 503: the journal is damaged'),
    });
  });
});

describe('reeve runs and audit without an agent', () => {
  let fixture: CliFixture;
  beforeEach(() => {
    fixture = createCliFixture();
    fixture.write('reeve.yaml', config);
  });
  afterEach(() => fixture.remove());
  const reeve = (args: readonly string[]) => fixture.run([...args, '-c', join(fixture.folder, 'reeve.yaml')]);

  it('looks where nothing was kept yet: no runs, and an empty audit holds', async () => {
    const list = await reeve(['runs', 'list']);
    const json = await reeve(['runs', 'list', '--json']);
    const audit = await reeve(['audit', 'verify']);

    expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining('No runs.') });
    expect(list.stdout).toContain('No agent is running here');
    expect(json).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
    expect(audit).toEqual({ code: 0, stdout: 'The audit is empty: it holds.\n', stderr: '' });
  });
});
