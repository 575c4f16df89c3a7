import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { findFreePort } from '../support/net/free-port.ts';
import { startPostgres } from '../support/postgres/server.ts';
import { createDesk, type Desk, type SeenRun } from '../support/remediation/desk.ts';
import { type Shop, startShop } from '../support/remediation/shop.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const Report = z.object({ acts: z.array(z.object({ direction: z.string(), outcome: z.string() })) });

let shop: Shop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop?.[Symbol.asyncDispose]());

interface Agent extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly desk: Desk;
}

interface AgentOptions {
  readonly store: Readonly<Record<string, unknown>>;
  readonly lockTimeout?: string;
  readonly nodeArgs?: readonly string[];
}

async function startAgent({ store, lockTimeout = '1s', nodeArgs = [] }: AgentOptions): Promise<Agent> {
  const desk = createDesk(await findFreePort());
  const daemon = await startDaemon({
    env: shop.env,
    nodeArgs,
    config: {
      targets: shop.targets({ unusedAfter: '2s' }),
      control: desk.control,
      store,
      remediation: { baseline: '1s', soak: '1s', lockTimeout },
    },
  });
  return { daemon, desk, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}

/** A plan to drop an index, which waits for a decision. */
async function planFor({ daemon, desk }: Agent, index: string): Promise<SeenRun> {
  await daemon.waitForSample(/^reeve_postgres_unused_indexes\{target="orders",.*\} [1-3]$/);
  const subject = `postgres.shop.${index}`;
  const started = await desk.post(
    '/api/v1/runs',
    { pipeline: 'index_management', target: 'orders', subject },
    'bea',
  );
  if (started.status !== 200) throw new Error(started.body);
  return desk.run(`a plan for ${index}`, (run) => run.subject === subject && run.state === 'waiting');
}

const endOf = ({ desk }: Agent, run: SeenRun): Promise<SeenRun> =>
  desk.run(
    `the end of ${run.id}`,
    ({ id, state }) =>
      id === run.id && ['kept', 'inconclusive', 'reverted', 'refused', 'failed', 'expired'].includes(state),
    60_000,
  );

/** When the collector read the indexes last, Unix time in seconds. */
async function lastRead({ daemon }: Agent): Promise<number> {
  const line = await daemon.waitForSample(
    /^reeve_collect_last_success_timestamp_seconds\{target="orders",.*group="indexes".*\}/,
  );
  return Number(line.split(' ').at(-1));
}

/** While the store refuses: nothing is changed and that is said, collecting goes on. */
async function expectRefusal(agent: Agent, run: SeenRun, index: string): Promise<void> {
  const before = await lastRead(agent);
  const refused = await agent.desk.approve(run);
  expect(refused).toMatchObject({ status: 503, body: expect.stringMatching(/store/) });
  await agent.daemon.waitForSample(/^reeve_remediation_refusing 1$/);
  await waitUntil('two more readings', async () => (await lastRead(agent)) >= before + 2);
  expect(await agent.daemon.scrape()).toMatch(/^reeve_target_up\{target="orders".*\} 1$/m);
  expect(await shop.hasIndex(index)).toBe(true);
}

/** Only root may mount, and not in every container. */
function mountSmallDisk(path: string): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('an agent whose store takes no writes', () => {
  it('goes on collecting while the disk is full, refuses to remediate, and does so when there is room', async ({
    skip,
  }) => {
    await using directory = await createTempDir('small-disk');
    const path = join(directory.path, 'disk');
    await mkdir(path);
    skip(!mountSmallDisk(path), 'a small disk cannot be mounted here');
    try {
      await using agent = await startAgent({ store: { path } });
      const run = await planFor(agent, 'orders_total');
      const filler = join(path, 'filler');
      await expect(writeFile(filler, Buffer.alloc(16_000_000))).rejects.toThrow('ENOSPC');

      await expectRefusal(agent, run, 'orders_total');
      await rm(filler);
      await waitUntil('the approval', async () => (await agent.desk.approve(run)).status === 200, {
        everyMs: 500,
      });

      expect((await endOf(agent, run)).state).toMatch(/^(kept|inconclusive)$/);
      expect(await shop.hasIndex('orders_total')).toBe(false);
      await agent.daemon.waitForSample(/^reeve_remediation_refusing 0$/);
    } finally {
      execFileSync('umount', ['-l', path]);
    }
  });

  it('goes on collecting while the server of the store is read-only, refuses to remediate, and does so afterwards', async () => {
    await using store = await startPostgres({ major: 17, name: 'read-only-store' });
    await using agent = await startAgent({ store: { path: './data', url: store.superuserUrl } });
    const run = await planFor(agent, 'returns_total');
    await store.query('ALTER SYSTEM SET default_transaction_read_only = on');
    await store.query('SELECT pg_reload_conf()');

    await expectRefusal(agent, run, 'returns_total');
    await store.query('ALTER SYSTEM RESET default_transaction_read_only');
    await store.query('SELECT pg_reload_conf()');
    await waitUntil('the approval', async () => (await agent.desk.approve(run)).status === 200, {
      everyMs: 500,
    });

    expect((await endOf(agent, run)).state).toMatch(/^(kept|inconclusive)$/);
    expect(await shop.hasIndex('returns_total')).toBe(false);
  });
});

describe('an approval that comes too late', () => {
  it('is refused and audited, and the plan is void', async () => {
    const later = `process.on('SIGUSR2', () => { const { now } = Date; Date.now = () => now() + 25 * 3_600_000; console.error('it is tomorrow'); });`;
    await using folder = await createTempDir('late-store');
    await using agent = await startAgent({
      store: { path: folder.path },
      nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(later)}`],
    });
    const run = await planFor(agent, 'visits_total');

    agent.daemon.process.signal('SIGUSR2');
    await agent.daemon.process.waitForLine(/^it is tomorrow$/);
    const answer = await agent.desk.approve(run);

    expect(answer).toMatchObject({ status: 409, body: expect.stringContaining('has expired') });
    expect((await endOf(agent, run)).state).toBe('expired');
    expect(await shop.hasIndex('visits_total')).toBe(true);
    expect((await agent.desk.audit()).map(({ outcome }) => outcome).join('\n')).toContain('has expired');
  });
});

describe('an agent that is told to end during an act', () => {
  it('stops the act on the server, writes down where it stands, and its successor takes it back', async () => {
    await using folder = await createTempDir('ended-store');
    const store = { path: join(folder.path, 'store') };
    await using first = await startAgent({ store, lockTimeout: '60s' });
    const run = await planFor(first, 'visits_total');
    // A concurrent drop waits for it after it made the index invalid.
    const reader = await shop.production.connect();
    await reader.query('BEGIN; SELECT count(*) FROM shop.visits WHERE id = 1');
    expect((await first.desk.approve(run)).status).toBe(200);
    const acting = `SELECT FROM pg_stat_activity WHERE application_name LIKE 'reeve/% run=%' AND query LIKE 'DROP INDEX%' AND state = 'active'`;
    await waitUntil('the drop', async () => (await shop.production.query(acting)).length === 1, {
      timeoutMs: 30_000,
    });

    first.daemon.process.signal('SIGTERM');
    const exit = await first.daemon.process.exit;
    const left = await shop.production.query(acting);
    await reader.query('COMMIT');
    await reader.end();
    await using second = await startAgent({ store, lockTimeout: '60s' });
    const ended = await endOf(second, run);

    expect(exit).toMatchObject({ code: 0 });
    expect(left).toEqual([]);
    // Half done and not wanted any more, or limits that changed meanwhile: it is taken back, never left as it was.
    expect(`${ended.state}: ${ended.reason}`).toMatch(/^failed: taken back, the database is as before: /);
    expect(await shop.hasIndex('visits_total')).toBe(true);
    const report = await second.desk.get(`/api/v1/runs/${run.id}`, 'ida');
    const { acts } = Report.parse(JSON.parse(report.body));
    expect(acts.map(({ direction, outcome }) => `${direction} ${outcome}`)).toEqual([
      'apply half_applied',
      'undo done',
    ]);
    const audit = await second.desk.get('/api/v1/audit/verify', 'ida');
    expect(JSON.parse(audit.body)).not.toHaveProperty('fault');
  });
});
