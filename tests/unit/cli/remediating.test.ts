import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  createMemoryDatabase,
  createMemoryOperations,
  type MemoryDatabase,
} from '../../support/memory-operations.ts';
import { ask } from '../../support/net/http-client.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { type Running, startRun } from './running.ts';
import { type CliFixture, createCliFixture, type FakeServer, type Ran } from './support.ts';

const env = { ACT: 'fake://actor:act-canary@db1', READ: 'fake://reader:read-canary@db1' };

const config = (mode: string, rest = '') => `targets:
  - id: orders
    engine: fake
    url: { env: READ }
    interval: 1s
    objectives: { unused_index_bytes: { max: 30B } }
    remediation: { mode: ${mode}, rehearsal: dev, credentials: { env: ACT } }
  - { id: dev, engine: fake, url: "fake://dev", objectives: { unused_index_bytes: { enabled: false } } }
metrics: { listen: "127.0.0.1:0" }
store: { path: ./d }
remediation: { baseline: 1s, soak: 1s, pauseFile: ./pause }
${rest}`;

const listed = z.array(z.object({ id: z.string(), state: z.string(), planHash: z.string().optional() }));

describe('remediation in the daemon', { timeout: 60_000 }, () => {
  let fixture: CliFixture;
  let running: Running | undefined;
  let database: MemoryDatabase;
  let server: FakeServer;
  beforeEach(() => {
    fixture = createCliFixture();
    database = createMemoryDatabase();
    server = {
      temperature: () => (database.hasIndex ? 40 : 0),
      operations: (target) => createMemoryOperations(target, database),
    };
  });
  afterEach(async () => {
    await stop();
    fixture.remove();
  });

  const start = async (text: string): Promise<Running> => {
    running = await startRun(fixture, text, { server, env });
    return running;
  };
  async function stop(): Promise<Ran | undefined> {
    running?.signal('SIGTERM');
    const ran = await running?.done;
    running = undefined;
    return ran;
  }
  const reeve = (...args: readonly string[]) =>
    fixture.run([...args, '-c', join(fixture.folder, 'reeve.yaml')], { server, env });
  const runsNow = async () => listed.parse(JSON.parse((await reeve('runs', 'list', '--json')).stdout));
  const untilRun = (state: string) =>
    waitUntil(`a run in state ${state}`, async () => (await runsNow()).find((run) => run.state === state));
  const untilPage = (daemon: Running, pattern: RegExp) =>
    waitUntil(`a page with ${pattern}`, async () => {
      const page = await daemon.scrape();
      return pattern.test(page) ? page : undefined;
    });

  it('leads from a breach over an approval to a change that is kept, with a record of all of it', async () => {
    const daemon = await start(config('approve'));

    const waiting = await untilRun('waiting');
    expect(database.changes).toEqual([]);
    await untilPage(daemon, /^reeve_remediation_runs\{pipeline="index_management",state="waiting"\} 1$/m);
    const approved = await reeve(
      'runs',
      'approve',
      waiting.id,
      '--plan',
      waiting.planHash?.slice(0, 12) ?? '',
    );
    expect(approved).toMatchObject({ code: 0, stderr: '' });
    const ended = await waitUntil('the end of the run', async () =>
      (await runsNow()).find(
        ({ id, state }) => id === waiting.id && ['kept', 'inconclusive'].includes(state),
      ),
    );

    expect(database.changes).toEqual(['DROP INDEX CONCURRENTLY "notes_idx"']);
    expect(readFileSync(join(fixture.folder, 'CHANGELOG.md'), 'utf8')).toContain('DROP INDEX CONCURRENTLY');
    const page = await untilPage(
      daemon,
      new RegExp(`^reeve_remediation_runs\\{pipeline="index_management",state="${ended.state}"\\} 1$`, 'm'),
    );
    expect(page).toMatch(/^reeve_remediation_paused 0$/m);
    expect(page).toMatch(/^reeve_remediation_refusing 0$/m);
    expect(page).toMatch(/^reeve_remediation_disabled_actions 0$/m);
    expect(page).toMatch(/^reeve_remediation_reverted_total 0$/m);
    const lines = /^reeve_audit_lines (\d+)$/m.exec(page)?.[1] ?? '';
    const hash = /^reeve_audit_head_info\{hash="([0-9a-f]{64})"\} 1$/m.exec(page)?.[1] ?? '';
    const audit = await reeve('audit', 'verify', '--head', `${lines}:${hash}`);
    expect(audit).toMatchObject({ code: 0, stdout: expect.stringContaining('The audit holds') });
    const breaches = await ask('http://reeve/breaches', {
      socketPath: join(fixture.folder, 'd/control.sock'),
    });
    expect(breaches.body).toContain(`href="runs/${waiting.id}"`);
    expect(daemon.log()).not.toContain('canary');

    const ran = await stop();
    expect(ran?.code).toBe(0);
    expect(database.closed).toBeGreaterThan(0);
    const shown = await reeve('runs', 'show', waiting.id);
    expect(shown.stdout).toContain('Approved by ada');
    expect(shown.stdout).toContain('apply drop: done');
    expect(shown.stdout).not.toContain('canary');
  });

  it('goes on with what was decided while no agent ran', async () => {
    await start(config('approve'));
    const waiting = await untilRun('waiting');
    await stop();

    const approved = await reeve('runs', 'approve', waiting.id, '--plan', waiting.planHash ?? '');
    expect(approved).toMatchObject({ code: 0, stderr: expect.stringContaining('no agent is running here') });
    expect(database.changes).toEqual([]);
    await start(config('approve'));

    // A run that was just decided on is left alone for some seconds, in case whoever decided starts it.
    await waitUntil('the change', () => database.changes.length > 0, { timeoutMs: 40_000 });
    expect(database.changes).toEqual(['DROP INDEX CONCURRENTLY "notes_idx"']);
  });

  it('keeps a pause over restarts, and heeds the pause file', async () => {
    await start(config('observe'));
    expect(await reeve('pause', '--reason', 'sale')).toMatchObject({ code: 0 });
    await stop();

    const again = await start(config('observe'));
    await untilPage(again, /^reeve_remediation_paused 1$/m);
    expect((await reeve('runs', 'list')).stdout).toContain('PAUSED since');
    writeFileSync(join(fixture.folder, 'pause'), '');
    const resumed = await reeve('resume');

    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringContaining('still pauses') });
    expect((await reeve('runs', 'list')).stdout).toContain('PAUSED by the file');
    rmSync(join(fixture.folder, 'pause'));
    await untilPage(again, /^reeve_remediation_paused 0$/m);
  });

  it('only observes in mode observe, and takes a reload to another mode', async () => {
    const daemon = await start(config('observe'));
    await untilRun('observed');
    fixture.write('reeve.yaml', config('propose'));

    expect((await daemon.reload()).status).toBe(200);
    expect(await reeve('runs', 'start', 'index_management', 'orders')).toMatchObject({ code: 0 });

    await untilRun('proposed');
    expect(database.changes).toEqual([]);
  });

  it('collects although remediation cannot start, and says so', async () => {
    mkdirSync(join(fixture.folder, 'd/runs.sqlite'), { recursive: true });

    const daemon = await start(config('approve'));

    await untilPage(daemon, /^reeve_target_up\{target="orders".*\} 1$/m);
    await untilPage(daemon, /^reeve_remediation_refusing 1$/m);
    expect(daemon.log()).toMatch(/"level":"error".*"msg":"remediation did not start/);
    expect(await reeve('runs', 'list')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('remediation did not start'),
    });
    expect((await stop())?.code).toBe(0);
    expect(existsSync(join(fixture.folder, 'd/control.sock'))).toBe(false);
  });

  it('goes on collecting when the operations of a target cannot be made', async () => {
    server = {
      ...server,
      operations: () => {
        throw new Error('the driver is broken');
      },
    };
    const daemon = await start(config('approve'));

    const page = await untilPage(daemon, /^reeve_target_up\{target="orders".*\} 1$/m);
    await waitUntil('a run that says why', async () => (await runsNow())[0]);

    expect(page).toMatch(/^reeve_objective_state/m);
    expect(database.changes).toEqual([]);
  });
});
