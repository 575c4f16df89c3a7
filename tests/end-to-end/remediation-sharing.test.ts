import { describe, expect, it } from 'vitest';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { findFreePort } from '../support/net/free-port.ts';
import { startPostgres } from '../support/postgres/server.ts';
import { createDesk, type Desk, type SeenRun } from '../support/remediation/desk.ts';
import { type Shop, startShop } from '../support/remediation/shop.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Agent extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly desk: Desk;
}

/** Both watch the same target and may change it. */
async function startAgent(shop: Shop, storeUrl: string): Promise<Agent> {
  const desk = createDesk(await findFreePort());
  const daemon = await startDaemon({
    env: shop.env,
    config: {
      targets: shop.targets({ unusedAfter: '2s' }),
      control: desk.control,
      store: { path: './data', url: storeUrl },
      remediation: { baseline: '1s', soak: '1s', lockTimeout: '60s' },
    },
  });
  return { daemon, desk, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}

const dropping = `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'reeve/% run=%' AND query LIKE 'DROP INDEX%' AND state = 'active'`;

describe('two agents on one PostgreSQL store', () => {
  it('begin one run and execute it once, and the other one goes on with it after kill -9 in the act', async () => {
    await using shop = await startShop();
    await using store = await startPostgres({ major: 17, name: 'shared-store' });
    await using one = await startAgent(shop, store.superuserUrl);
    await using other = await startAgent(shop, store.superuserUrl);
    const isOfIndex = ({ subject }: SeenRun): boolean => subject?.includes('orders_total') === true;
    await waitUntil(
      'a proof',
      async () => /^reeve_postgres_unused_indexes\{.*\} 3$/m.test(await one.daemon.scrape()),
      {
        timeoutMs: 20_000,
      },
    );
    const started = await one.desk.post(
      '/api/v1/runs',
      { pipeline: 'index_management', target: 'orders', subject: 'postgres.shop.orders_total' },
      'bea',
    );
    expect(started.status).toBe(200);
    const run = await other.desk.run('a plan', (each) => isOfIndex(each) && each.state === 'waiting');
    // A concurrent drop waits for it after it made the index invalid.
    const reader = await shop.production.connect();
    await reader.query('BEGIN; SELECT count(*) FROM shop.orders WHERE id = 1');

    const both = await Promise.all([one.desk.approve(run, 'bea'), other.desk.approve(run, 'cem')]);
    await waitUntil('the drop', async () => (await shop.production.query(dropping)).length === 1, {
      timeoutMs: 30_000,
    });
    const leases = await store.query(`SELECT holder FROM reeve.lease WHERE name LIKE 'target%'`);
    const holder = String(leases[0]?.['holder']);
    const [victim, heir] = holder.endsWith(`/${one.daemon.process.pid}`) ? [one, other] : [other, one];
    victim.daemon.process.signal('SIGKILL');
    await victim.daemon.process.exit;
    await reader.query('COMMIT');
    await reader.end();
    const ended = await heir.desk.run(
      'the end of the run',
      ({ id, state }) =>
        id === run.id && ['kept', 'inconclusive', 'reverted', 'failed', 'refused'].includes(state),
      90_000,
    );

    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 409]));
    expect(`${ended.state}: ${ended.reason}`).toMatch(/^(kept|inconclusive): /);
    expect(await shop.hasIndex('orders_total')).toBe(false);
    const report = await heir.desk.get(`/api/v1/runs/${run.id}`, 'ida');
    expect(JSON.parse(report.body)).toMatchObject({
      acts: [
        {
          direction: 'apply',
          outcome: 'already',
          detail: expect.stringContaining('found after an interruption'),
        },
      ],
    });
    const audit = await heir.desk.get('/api/v1/audit/verify', 'ida');
    expect(JSON.parse(audit.body)).not.toHaveProperty('fault');
  }, 150_000);
});
