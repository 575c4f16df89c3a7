import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { type AlertmanagerServer, startAlertmanager } from '../support/alertmanager/server.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { findFreePort } from '../support/net/free-port.ts';
import { startTcpProxy, type TcpProxy } from '../support/net/tcp-proxy.ts';
import { type PostgresServer, startPostgres } from '../support/postgres/server.ts';
import { startStandby } from '../support/postgres/standby.ts';
import { type PrometheusServer, startPrometheus } from '../support/prometheus/server.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';
import { waitUntil } from '../support/wait-until.ts';

const alertsFolder = fileURLToPath(new URL('../../alerts', import.meta.url));
const webhookSecret = 'canary-webhook-secret';

/** Rows whose index is far larger than the memory that the server has for it. */
const rows = 60_000;

const Breaches = z.object({
  breaches: z.array(
    z.object({
      fingerprint: z.string(),
      target: z.string(),
      objective: z.string(),
      subject: z.string(),
      durationMs: z.number().nullish(),
    }),
  ),
});
type Breach = z.infer<typeof Breaches>['breaches'][number];

/** The whole way: a database slips, Reeve judges, Prometheus fires, Alertmanager notifies, the webhook is called; and back. */
describe('a breach on a real database', { timeout: 120_000 }, () => {
  let things: AsyncDisposableStack;
  let postgres: PostgresServer;
  let link: TcpProxy;
  let redis: RedisServer;
  let daemon: Daemon;
  let alertmanager: AlertmanagerServer;
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    things = new AsyncDisposableStack();
    postgres = things.use(await startPostgres({ major: 18, settings: { shared_buffers: '1MB' } }));
    await postgres.query(`CREATE TABLE item (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n int);
      INSERT INTO item (n) SELECT * FROM generate_series(1, ${rows}); CREATE INDEX item_n ON item (n); ANALYZE item`);
    link = things.use(await startTcpProxy({ targetPort: postgres.port }));
    things.use(await startStandby(postgres, { via: link }));
    redis = things.use(await startRedis());
    const controlPort = await findFreePort();
    daemon = things.use(await startDaemon({ config: configOf(controlPort), env: environment() }));
    alertmanager = things.use(
      await startAlertmanager({
        config: { text: await alertmanagerConfig(`http://127.0.0.1:${controlPort}`) },
      }),
    );
    const names = await readdir(`${alertsFolder}/rules`);
    prometheus = things.use(
      await startPrometheus({
        jobs: [{ addresses: [`127.0.0.1:${daemon.metricsPort}`] }],
        ruleFiles: names.map((name) => `${alertsFolder}/rules/${name}`),
        alertmanagers: [`127.0.0.1:${alertmanager.port}`],
      }),
    );
    await prometheus.waitFor('reeve_objective_state', 30_000);
  }, 120_000);
  afterAll(async () => {
    await things?.disposeAsync();
  }, 60_000);

  const environment = () => ({
    ORDERS_URL: postgres.superuserUrl,
    SESSIONS_URL: redis.url,
    WEBHOOK_SECRET: webhookSecret,
  });

  const openBreaches = async (objective: string): Promise<readonly Breach[]> =>
    Breaches.parse(
      JSON.parse((await daemon.control('GET', '/api/v1/breaches?open=true')).body),
    ).breaches.filter((breach) => breach.objective === objective);
  const allBreaches = async (objective: string): Promise<readonly Breach[]> =>
    Breaches.parse(JSON.parse((await daemon.control('GET', '/api/v1/breaches')).body)).breaches.filter(
      (breach) => breach.objective === objective,
    );
  const activeAlert = async (alertname: string) =>
    (await alertmanager.activeAlerts()).find((labels) => labels['alertname'] === alertname);
  const deliveries = async (outcome: string): Promise<number> =>
    (await prometheus.query(`sum(reeve_alert_deliveries_total{outcome="${outcome}"})`))[0]?.value ?? 0;

  /** Waits for the alert, its delivery and the one breach. */
  async function expectAlarm(alertname: string, objective: string, subject: string): Promise<Breach> {
    const before = await deliveries('known');
    const alert = await waitUntil(`${alertname} in Alertmanager`, () => activeAlert(alertname), {
      timeoutMs: 60_000,
    });
    // Prometheus drops empty labels.
    expect(alert).toMatchObject({ source: 'reeve', objective, ...(subject === '' ? {} : { subject }) });
    await waitUntil('the delivery to the webhook', async () => (await deliveries('known')) > before, {
      timeoutMs: 30_000,
    });
    const open = await openBreaches(objective);
    expect(open).toEqual([expect.objectContaining({ objective, subject })]);
    const [breach] = open;
    if (breach === undefined) throw new Error('no breach');
    return breach;
  }

  /** Waits until nobody says any more that it is breached. */
  async function expectCalm(alertname: string, objective: string, breach: Breach): Promise<void> {
    await waitUntil('the breach to close', async () => (await openBreaches(objective)).length === 0, {
      timeoutMs: 60_000,
    });
    await waitUntil(`${alertname} to end`, async () => (await activeAlert(alertname)) === undefined, {
      timeoutMs: 60_000,
    });
    const closed = (await allBreaches(objective)).filter(
      ({ fingerprint }) => fingerprint === breach.fingerprint,
    );
    expect(closed).toEqual([expect.objectContaining({ durationMs: expect.any(Number) })]);
    expect(
      await prometheus.query(`reeve_objective_state{objective="${objective}",state="breached"} == 1`),
    ).toEqual([]);
  }

  it('of the cache hit ratio goes all the way to the webhook, once, and ends when the cache is warm again', async () => {
    await using load = repeat(() => redis.command('MGET', ...keys('missing')));
    const breach = await expectAlarm('ReeveCacheHitRatioLow', 'cache_hit_ratio', '');
    await load[Symbol.asyncDispose]();

    for (const key of keys('warm')) await redis.command('SET', key, '1');
    await using _hits = repeat(() => redis.command('MGET', ...keys('warm')));
    await expectCalm('ReeveCacheHitRatioLow', 'cache_hit_ratio', breach);
  });

  it('of the index hit ratio goes all the way to the webhook, once, and ends when the index fits again', async () => {
    const client = await postgres.connect();
    await using cold = repeat(() => readRandomly(client));
    const breach = await expectAlarm('ReeveIndexHitRatioLow', 'index_hit_ratio', 'postgres');
    await cold[Symbol.asyncDispose]();

    await using hot = repeat(() => readOneRow(client));
    await expectCalm('ReeveIndexHitRatioLow', 'index_hit_ratio', breach);
    await hot[Symbol.asyncDispose]();
    await client.end();
  });

  it('of replication goes all the way to the webhook, once, and ends when the link is whole again', async () => {
    await using writes = repeat(async () => {
      await postgres.query('UPDATE item SET n = n WHERE n < 50');
      await new Promise((resolve) => setTimeout(resolve, 50));
    });
    await link.set({ kind: 'hang' });
    const breach = await expectAlarm('ReeveReplicationLagHigh', 'replication_lag_seconds', 'standby');

    await link.set({ kind: 'pass' });
    await expectCalm('ReeveReplicationLagHigh', 'replication_lag_seconds', breach);
    await writes[Symbol.asyncDispose]();
  });

  it('is told with its value, its bound, since when, the next command and a link that leads somewhere', async () => {
    await using _load = repeat(() => redis.command('MGET', ...keys('missing')));
    const annotations = await waitUntil(
      'the alert with its value',
      async () => {
        const found = await annotationsOf(prometheus, 'ReeveCacheHitRatioLow');
        return (
          /cache hit rate of sessions.* is [\d.]+%, must be at least 80%/i.test(found['summary'] ?? '') &&
          found
        );
      },
      { timeoutMs: 60_000 },
    );

    expect(annotations['description']).toMatch(/since 20\d\d-\d\d-\d\d/);
    expect(annotations['command']).toContain("reeve objectives --target 'sessions'");
    const page = await fetch(annotations['link'] ?? '');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('cache_hit_ratio');
  });
});

function configOf(controlPort: number) {
  const quick = { for: '2s' };
  return {
    targets: [
      {
        id: 'orders',
        engine: 'postgres',
        url: { env: 'ORDERS_URL' },
        interval: '1s',
        objectives: {
          index_hit_ratio: { ...quick, window: '4s', minimumSamples: 200 },
          replication_lag_seconds: quick,
        },
      },
      {
        id: 'sessions',
        engine: 'redis',
        url: { env: 'SESSIONS_URL' },
        interval: '1s',
        objectives: { cache_hit_ratio: { ...quick, window: '4s', minimumSamples: 50 } },
      },
    ],
    control: { listen: `127.0.0.1:${controlPort}`, webhookSecret: { env: 'WEBHOOK_SECRET' } },
  };
}

/** The committed configuration, with this test's address and secret, and without its patience. */
async function alertmanagerConfig(controlUrl: string): Promise<string> {
  const text = await readFile(`${alertsFolder}/alertmanager.yml`, 'utf8');
  const hurried = JSON.stringify(parse(text), (key, value: unknown) => {
    if (['group_wait', 'group_interval'].includes(key)) return '1s';
    if (key === 'credentials_file') return undefined;
    if (key === 'authorization') return { type: 'Bearer', credentials: webhookSecret };
    if (key === 'url' && typeof value === 'string' && value.endsWith('/api/v1/alertmanager'))
      return `${controlUrl}/api/v1/alertmanager`;
    return value;
  });
  return stringify(JSON.parse(hurried));
}

function keys(prefix: string): readonly string[] {
  return Array.from({ length: 40 }, (_, index) => `${prefix}:${index}`);
}

/** Looks rows up all over the index. */
async function readRandomly(client: Client): Promise<void> {
  await client.query(`SET enable_seqscan = off; SET enable_bitmapscan = off;
    SELECT count(*) FROM (SELECT (random() * ${rows})::int AS n FROM generate_series(1, 300)) AS wanted JOIN LATERAL
      (SELECT id FROM item WHERE item.n = wanted.n) AS found ON true`);
}

async function readOneRow(client: Client): Promise<void> {
  for (let time = 0; time < 100; time += 1) await client.query('SELECT n FROM item WHERE n = 7');
}

/** Does it again and again until it is disposed. */
function repeat(work: () => Promise<unknown>): AsyncDisposable {
  const end = new AbortController();
  const running = (async () => {
    while (!end.signal.aborted) await work();
  })();
  return {
    async [Symbol.asyncDispose]() {
      end.abort();
      await running;
    },
  };
}

const Alerts = z.object({
  alerts: z.array(
    z.object({
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    }),
  ),
});

async function annotationsOf(
  prometheus: PrometheusServer,
  alertname: string,
): Promise<Readonly<Record<string, string>>> {
  const { alerts } = Alerts.parse(await prometheus.api('/api/v1/alerts'));
  return alerts.find(({ labels }) => labels['alertname'] === alertname)?.annotations ?? {};
}
