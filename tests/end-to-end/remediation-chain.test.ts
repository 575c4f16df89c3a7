import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { findFreePort } from '../support/net/free-port.ts';
import { createDesk, type Desk, type SeenRun } from '../support/remediation/desk.ts';
import { type Shop, startShop, startWork } from '../support/remediation/shop.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const Report = z.object({
  evidence: z.array(z.object({ kind: z.string(), body: z.unknown() })),
  acts: z.array(
    z.object({ act: z.string(), direction: z.string(), statement: z.string(), outcome: z.string() }),
  ),
  approval: z.object({ by: z.string() }).optional(),
});

let shop: Shop;
let folder: TempDir;
let daemon: Daemon;
let desk: Desk;

beforeAll(async () => {
  shop = await startShop();
  folder = await createTempDir('chain-store');
  const path = join(folder.path, 'store');
  await shop.seeUnused(path);
  desk = createDesk(await findFreePort());
  daemon = await startDaemon({
    env: shop.env,
    config: {
      targets: shop.targets({
        objectives: { oltp_query_seconds: { max: '2ms', window: '2s', minimumSamples: 20, for: '1s' } },
      }),
      control: desk.control,
      store: { path },
      remediation: { baseline: '2s', soak: '3s', concurrentRuns: 3, lockTimeout: '1s', changesPerDay: 10 },
    },
  });
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await folder?.remove();
  await shop?.[Symbol.asyncDispose]();
});

const dropOf =
  (index: string) =>
  ({ action, subject }: SeenRun): boolean =>
    action === 'drop_unused_index' && subject?.includes(index) === true;

const waitingFor = (index: string): Promise<SeenRun> =>
  desk.run(`a plan to drop ${index}`, (run) => dropOf(index)(run) && run.state === 'waiting');

const endOf = ({ id }: SeenRun, states: readonly string[]): Promise<SeenRun> =>
  desk.run(`${id} ${states.join(' or ')}`, (run) => run.id === id && states.includes(run.state), 60_000);

const reportOf = async ({ id }: SeenRun): Promise<z.infer<typeof Report>> =>
  Report.parse(JSON.parse((await desk.get(`/api/v1/runs/${id}`, 'ida')).body));

const changelog = (name: string): Promise<string> => readFile(join(daemon.folder, name), 'utf8');

/** They change one server, each another table. */
describe('the whole chain on a real PostgreSQL', () => {
  it('leads from unused indexes to one plan each, which nobody approves who may not, and one approval executes once', async () => {
    await using _work = await startWork(shop.production, () => 'SELECT total FROM shop.orders WHERE id = 7');
    const run = await waitingFor('orders_total');
    for (const index of ['returns_total', 'visits_total']) await waitingFor(index);
    expect((await desk.runs()).filter(dropOf('orders_total'))).toHaveLength(1);
    expect(await shop.hasIndex('orders_total')).toBe(true);
    const approve = `/api/v1/runs/${run.id}/approve`;

    const strange = await desk.post(approve, { planHash: run.planHash });
    const low = await desk.post(approve, { planHash: run.planHash }, 'ida');
    const other = await desk.post(approve, { planHash: '0'.repeat(64) }, 'bea');
    const both = await Promise.all([desk.approve(run, 'bea'), desk.approve(run, 'cem')]);
    const ended = await endOf(run, ['kept', 'inconclusive', 'reverted', 'refused', 'failed']);
    const late = await desk.approve(run, 'cem');

    expect([strange.status, low.status, other.status, late.status]).toEqual([401, 403, 409, 409]);
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 409]));
    expect(ended).toMatchObject({ state: 'kept' });
    expect(await shop.hasIndex('orders_total')).toBe(false);
    const report = await reportOf(run);
    expect(report.acts).toMatchObject([
      { direction: 'apply', outcome: 'done', statement: expect.stringMatching(/^DROP INDEX CONCURRENTLY/) },
    ]);
    expect(report.evidence.map(({ kind }) => kind)).toContain('verification');
    expect(await changelog('CHANGELOG.md')).toContain(run.id);
    await daemon.waitForSample(/^reeve_remediation_runs\{pipeline="index_management",state="kept"\} 1$/);
    const refused = (await desk.audit()).filter(({ event }) => event.includes('refused'));
    expect(refused.map(({ actor }) => actor)).toEqual(
      expect.arrayContaining(['ida', 'bea', 'cem', expect.stringContaining('somebody at 127.0.0.1')]),
    );
    const breaches = await desk.get('/breaches', 'ida');
    expect(breaches.body).toContain('unused_index_bytes');
    const audit = await desk.get('/api/v1/audit/verify', 'ida');
    expect(JSON.parse(audit.body)).not.toHaveProperty('fault');
  });

  it('refuses to drop an index that was used after the plan was made', async () => {
    const run = await waitingFor('returns_total');
    await shop.production.query('SET enable_seqscan = off; SELECT id FROM shop.returns WHERE total = 5');

    expect((await desk.approve(run)).status).toBe(200);
    const ended = await endOf(run, ['kept', 'inconclusive', 'reverted', 'refused', 'failed']);

    expect(ended).toMatchObject({ state: 'refused', reason: expect.stringContaining('used') });
    expect(await shop.hasIndex('returns_total')).toBe(true);
    expect((await reportOf(run)).acts).toEqual([]);
  });

  it('leads from a slow statement to an index with measured gain, once, and writes it down', async () => {
    await using _work = await startWork(
      shop.production,
      () => `SELECT id FROM shop.payments WHERE reference = 'RF${Math.ceil(Math.random() * 60_000)}'`,
    );
    const run = await desk.run(
      'a plan for an index',
      ({ action, state }) => action === 'create_index' && state === 'waiting',
      60_000,
    );
    expect(run.trigger).toMatchObject({ kind: 'breach', breach: expect.any(String) });

    expect((await desk.approve(run)).status).toBe(200);
    const ended = await endOf(run, ['kept', 'inconclusive', 'reverted', 'refused', 'failed']);

    expect(ended).toMatchObject({ state: 'kept' });
    const indexes = await shop.production.query(
      `SELECT indexdef FROM pg_indexes WHERE tablename = 'payments' AND indexdef LIKE '%(reference)%'`,
    );
    expect(indexes).toHaveLength(1);
    expect(await changelog('OPENCODE.md')).toContain(run.id);
    expect((await desk.runs()).filter(({ action }) => action === 'create_index')).toHaveLength(1);
    await daemon.waitForSample(/^reeve_remediation_runs\{pipeline="query_optimisation",state="kept"\} 1$/);
  });

  it('builds an index again when its table got slower after the drop, disables the action and says so', async () => {
    const taking = (seconds: number) => () => `SELECT id, pg_sleep(${seconds}) FROM shop.visits WHERE id = 7`;
    await using work = await startWork(shop.production, taking(0.001));
    const run = await waitingFor('visits_total');

    expect((await desk.approve(run)).status).toBe(200);
    await endOf(run, ['soaking', 'refused', 'failed']);
    work.become(taking(0.03));
    const ended = await endOf(run, ['kept', 'inconclusive', 'reverted', 'refused', 'failed']);

    expect(ended).toMatchObject({ state: 'reverted' });
    expect(await shop.hasIndex('visits_total')).toBe(true);
    expect((await reportOf(run)).acts.map(({ direction, outcome }) => [direction, outcome])).toEqual([
      ['apply', 'done'],
      ['undo', 'done'],
    ]);
    await daemon.waitForSample(/^reeve_remediation_disabled_actions 1$/);
    await daemon.waitForSample(/^reeve_remediation_reverted_total 1$/);
    const status = await desk.get('/api/v1/remediation', 'ida');
    expect(JSON.parse(status.body)).toMatchObject({
      disabled: [{ target: 'orders', action: 'drop_unused_index' }],
    });
  });
});
