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
  fakeRun,
  fakeRunId,
} from '../../support/fake-remediation.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { type CliFixture, createCliFixture, type RunOptions } from './support.ts';

const config = `targets:
  - { id: orders, engine: fake, url: fake://db1 }
store: { path: ./d }
`;

describe('deciding beside a running agent', () => {
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
  const reeve = (args: readonly string[], context: RunOptions['context'] = {}) =>
    fixture.run([...args, '-c', join(fixture.folder, 'reeve.yaml')], { context });

  it('approves the plan whose hash was given, in the name of the user or of who is named', async () => {
    const remediation = await serve(createFakeRemediation({ answer: { ok: true, text: 'approved' } }));

    const mine = await reeve(['runs', 'approve', fakeRunId, '--plan', fakeHash.slice(0, 12)]);
    await reeve(['runs', 'approve', fakeRunId, '--plan', fakeHash, '--as', 'grace', '--comment', 'go']);

    expect(mine).toEqual({ code: 0, stdout: 'approved\n', stderr: '' });
    expect(remediation.asked).toEqual([
      ['approve', fakeRunId, { planHash: fakeHash, by: 'ada', comment: '' }],
      ['approve', fakeRunId, { planHash: fakeHash, by: 'grace', comment: 'go' }],
    ]);
  });

  it('hands another hash on as it is, so that its refusal is written down', async () => {
    const answer = { ok: false, code: 'conflict', text: 'that is not the plan of this run' } as const;
    const remediation = await serve(createFakeRemediation({ answer }));

    const ran = await reeve(['runs', 'approve', fakeRunId, '--plan', 'ffffffffffff']);

    expect(ran).toEqual({ code: 1, stdout: '', stderr: 'reeve: that is not the plan of this run\n' });
    expect(remediation.asked).toEqual([
      ['approve', fakeRunId, { planHash: 'ffffffffffff', by: 'ada', comment: '' }],
    ]);
  });

  it('approves nothing that was not shown', async () => {
    const remediation = await serve(createFakeRemediation());

    const withoutTerminal = await reeve(['runs', 'approve', fakeRunId]);
    const short = await reeve(['runs', 'approve', fakeRunId, '--plan', '0123']);
    const unknown = await reeve(['runs', 'approve', 'r-ffffffffffff', '--plan', fakeHash]);

    expect(withoutTerminal).toMatchObject({ code: 2, stderr: expect.stringContaining('--plan <hash>') });
    expect(short).toMatchObject({ code: 2, stderr: expect.stringContaining('first 12 digits') });
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no run') });
    expect(remediation.asked).toEqual([]);
  });

  it.each([
    ['yes', 0, 1],
    ['y', 1, 0],
    ['', 1, 0],
  ])('shows the plan at a terminal and takes %j for an answer', async (typed, code, approvals) => {
    const remediation = await serve(createFakeRemediation());
    const questions: string[] = [];
    const askPerson = async (question: string) => {
      questions.push(question);
      return typed;
    };

    const ran = await reeve(['runs', 'approve', fakeRunId], { askPerson });

    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain('DROP INDEX CONCURRENTLY');
    expect(questions).toEqual([expect.stringContaining('for orders? Type yes')]);
    expect(remediation.asked).toHaveLength(approvals);
  });

  it('has no question about a run without a plan', async () => {
    const report = fakeReport({ plan: undefined, run: fakeRun({ state: 'preparing', planHash: undefined }) });
    const remediation = await serve(createFakeRemediation({ reports: [report] }));

    const ran = await reeve(['runs', 'approve', fakeRunId], { askPerson: async () => 'yes' });

    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('has no plan to approve') });
    expect(remediation.asked).toEqual([]);
  });

  it.each([
    [
      ['runs', 'reject', fakeRunId],
      ['reject', fakeRunId, { planHash: fakeHash, by: 'ada', comment: '' }],
    ],
    [
      ['runs', 'cancel', fakeRunId],
      ['cancel', fakeRunId, 'ada', false],
    ],
    [
      ['runs', 'cancel', fakeRunId, '--undo'],
      ['cancel', fakeRunId, 'ada', true],
    ],
    [
      ['runs', 'retry', fakeRunId],
      ['retry', fakeRunId, 'ada'],
    ],
    [
      ['runs', 'start', 'index_management', 'orders', '--subject', 'a.b.c'],
      ['start', { pipeline: 'index_management', target: 'orders', by: 'ada', subject: 'a.b.c' }],
    ],
    [
      ['runs', 'enable', 'orders', 'hide'],
      ['enable', 'orders', 'hide', 'ada'],
    ],
    [
      ['pause', '--reason', 'sale', '--abort'],
      ['pause', 'ada', 'sale', true],
    ],
    [['resume'], ['resume', 'ada']],
  ])('%s asks the agent', async (args, asked) => {
    const remediation = await serve(createFakeRemediation());

    const ran = await reeve(args);

    expect(ran).toEqual({ code: 0, stdout: 'done\n', stderr: '' });
    expect(remediation.asked).toEqual([asked]);
  });

  it('says a refusal on stderr, and as JSON where that is asked for', async () => {
    const answer = { ok: false, code: 'conflict', text: 'somebody was faster' } as const;
    await serve(createFakeRemediation({ answer }));

    const ran = await reeve(['runs', 'retry', fakeRunId, '--json']);

    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toEqual(answer);
    expect(ran.stderr).toBe('reeve: somebody was faster\n');
  });

  it('says that a file still pauses after resume', async () => {
    const status = async () => ({
      paused: undefined,
      pauseFile: '/etc/reeve/pause',
      disabled: [],
      refusing: undefined,
      auditHead: { sequence: 0, hash: '0'.repeat(64) },
    });
    await serve(createFakeRemediation({ status }));

    expect(await reeve(['resume'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('/etc/reeve/pause'),
    });
  });
});
