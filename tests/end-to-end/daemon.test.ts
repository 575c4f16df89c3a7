import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { startBlackHole } from '../support/net/tcp-proxy.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp/receiver.ts';
import { type PostgresServer, startPostgres } from '../support/postgres/server.ts';
import { runReeve } from '../support/process.ts';
import { checkMetrics } from '../support/prometheus/promtool.ts';
import { type PrometheusServer, startPrometheus } from '../support/prometheus/server.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { waitUntil } from '../support/wait-until.ts';

/** A name as no sane person would choose and every server allows: quotes, a backslash, a line break, letters of several bytes. */
const oddName = 'qu"ote\\s\nand "日本語" — ünïcödé';
const canary = 'canary-7c1d-password';

describe('reeve run', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let otlp: OtlpReceiver;
  let daemon: Daemon;

  beforeAll(async () => {
    postgres = await startPostgres({ major: 18, password: canary });
    redis = await startRedis({ config: { requirepass: canary } });
    otlp = await startOtlpReceiver();
    await postgres.query(`CREATE DATABASE "${oddName.replaceAll('"', '""')}"`);
    await postgres.query(`CREATE TABLE "${oddName.replaceAll('"', '""')}" (id int PRIMARY KEY)`, oddName);
    daemon = await startDaemon({ config: configOf(), env: environment() });
  }, 60_000);
  afterAll(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await otlp?.close();
    await redis?.[Symbol.asyncDispose]();
    await postgres?.[Symbol.asyncDispose]();
  }, 60_000);

  const configOf = (interval = '1s') => ({
    targets: [
      {
        id: 'orders',
        engine: 'postgres',
        url: { env: 'ORDERS_URL' },
        interval,
        labels: { environment: 'test', team: 'payments "and" more' },
      },
      { id: 'sessions', engine: 'redis', url: { env: 'SESSIONS_URL' }, interval },
    ],
    otlp: { endpoint: otlp.url, interval: '1s' },
  });
  const environment = () => ({ ORDERS_URL: postgres.superuserUrl, SESSIONS_URL: redis.url });

  it('serves a page that promtool accepts, for targets with the oddest names', async () => {
    await daemon.waitForSample(/^reeve_postgres_.*日本語/);

    const page = await daemon.scrape();

    expect(page).toContain(String.raw`database="qu\"ote\\s\nand \"日本語\" — ünïcödé"`);
    expect(page).toContain(String.raw`team="payments \"and\" more"`);
    expect(page).toMatch(/^reeve_target_up\{target="orders",engine="postgres",[^}]*\} 1$/m);
    expect(page).toMatch(/^reeve_target_up\{target="sessions",engine="redis"\} 1$/m);
    expect(await checkMetrics(page)).toEqual({ ok: true, output: '' });
  });

  it('is scraped by a real Prometheus, which answers queries', async () => {
    await using prometheus: PrometheusServer = await startPrometheus({
      jobs: [{ addresses: [`127.0.0.1:${daemon.metricsPort}`] }],
    });

    const up = await prometheus.waitFor('reeve_target_up == 1', 30_000);
    const bytes = await prometheus.query('sum(reeve_redis_memory_used_bytes)');
    const [age] = await prometheus.query('max(reeve_snapshot_age_seconds)');
    const [target] = await prometheus.targets();

    expect(new Set(up.map(({ labels }) => labels['target']))).toEqual(new Set(['orders', 'sessions']));
    expect(bytes[0]?.value).toBeGreaterThan(100_000);
    expect(age?.value).toBeLessThan(5);
    expect(target).toMatchObject({ health: 'up', lastError: '' });
  }, 60_000);

  it('pushes the same values and its traces over OTLP', async () => {
    const points = await otlp.waitForMetric('redis.memory.used', 20_000);
    const spans = await otlp.waitForSpan('collect', 20_000);

    expect(points.length).toBeGreaterThan(0);
    expect(spans.length).toBeGreaterThan(0);
    expect(otlp.requests.every((request) => request.contentEncoding === 'gzip')).toBe(true);
  }, 60_000);

  it('says how late its collections begin', async () => {
    expect(await daemon.waitForSample(/^reeve_collect_lateness_seconds\{rank="p99"\} /)).toMatch(/ \d/);
    expect(await daemon.scrape()).toMatch(/^reeve_collect_skipped_total \d+$/m);
  });

  it('says on its landing pages how it is', async () => {
    const alive = await fetch(`${daemon.url}/healthz`);
    const ready = await fetch(`${daemon.url}/readyz`);
    const front = await fetch(`${daemon.url}/`);

    expect([alive.status, ready.status, front.status]).toEqual([200, 200, 200]);
    expect(await front.text()).toContain('/metrics');
  });

  it('takes targets away and adds them by SIGHUP, and keeps the others as they are', async () => {
    await daemon.configure({
      ...configOf(),
      targets: [...configOf().targets.slice(1), { ...configOf().targets[0], id: 'orders-renamed' }],
    });

    daemon.process.signal('SIGHUP');
    await daemon.waitForSample(/^reeve_target_up\{target="orders-renamed".* 1$/);

    expect(await daemon.scrape()).not.toContain('target="orders"');
    await daemon.configure(configOf());
    expect(await daemon.control('POST', '/-/reload')).toMatchObject({ status: 200 });
    await daemon.waitForSample(/^reeve_target_up\{target="orders".* 1$/);
  }, 60_000);

  it('keeps the old configuration when the new one is broken, and says why', async () => {
    await daemon.configure(
      'targets:\n  - id: orders\n    engine: postgress\n  - id: other\n    engine: redis\n    intervall: 3s\n',
    );

    const answer = await daemon.control('POST', '/-/reload');

    expect(answer.status).toBe(400);
    expect(answer.body).toContain('targets[0].engine');
    expect(answer.body).toContain('intervall');
    await daemon.waitForSample(/^reeve_config_last_reload_successful 0$/);
    expect(await daemon.scrape()).toMatch(/^reeve_target_up\{target="orders".* 1$/m);
    await daemon.configure(configOf());
    await daemon.control('POST', '/-/reload');
    await daemon.waitForSample(/^reeve_config_last_reload_successful 1$/);
  });

  it('guards its control socket by file mode', async () => {
    const { mode } = await stat(join(daemon.folder, 'data', 'control.sock'));

    expect(mode & 0o777).toBe(0o600);
  });

  it('refuses a second agent on its store, and goes on', async () => {
    const second = await startDaemon({
      config: { ...configOf(), store: { path: join(daemon.folder, 'data') }, otlp: undefined },
      env: environment(),
      ready: false,
    });
    const { code } = await second.process.exit;

    expect(code).toBe(1);
    expect(second.process.stderr).toContain(join(daemon.folder, 'data'));
    await second[Symbol.asyncDispose]();
    expect(await daemon.scrape()).toMatch(/^reeve_target_up/m);
  });

  it('says which port is in use, and what to do', async () => {
    const second = await startDaemon({
      config: { ...configOf(), metrics: { listen: `127.0.0.1:${daemon.metricsPort}` }, otlp: undefined },
      env: environment(),
      ready: false,
    });
    const { code } = await second.process.exit;

    expect(code).toBe(1);
    expect(second.process.stderr).toMatch(
      new RegExp(`127\\.0\\.0\\.1:${daemon.metricsPort}.*metrics\\.listen`),
    );
    await second[Symbol.asyncDispose]();
  });

  it('ends at SIGTERM with exit code 0 and no connection left, and its secrets were nowhere', async () => {
    const page = await daemon.scrape();
    const openMetrics = await daemon.scrape({ accept: 'application/openmetrics-text' });

    daemon.process.signal('SIGTERM');
    const { code } = await daemon.process.exit;

    expect(code).toBe(0);
    const everything = [
      daemon.process.stdout,
      daemon.process.stderr,
      page,
      openMetrics,
      inspect(otlp.resourceMetrics, { depth: null, maxArrayLength: null }),
    ];
    for (const text of everything) expect(text).not.toContain(canary);
    await waitUntil('the connections to be gone', async () => {
      const [row] = await postgres.query(
        `SELECT count(*)::int AS connections FROM pg_stat_activity WHERE application_name LIKE 'reeve/%'`,
      );
      return row?.['connections'] === 0 ? true : undefined;
    });
    expect(await readdir(join(daemon.folder, 'data'))).not.toContain('control.sock');
  }, 30_000);
});

describe('reeve run, stopped in the middle of a poll', () => {
  it('does not wait for a server that never answers', async () => {
    await using hole = await startBlackHole();
    await using daemon = await startDaemon({
      config: {
        targets: [
          { id: 'mute', engine: 'redis', url: { env: 'MUTE_URL' }, interval: '30s', deadline: '30s' },
        ],
      },
      env: { MUTE_URL: `redis://127.0.0.1:${hole.port}` },
      ready: false,
    });
    await waitUntil('a connection', () => (hole.openConnections > 0 ? true : undefined), {
      timeoutMs: 20_000,
    });
    const began = performance.now();

    daemon.process.signal('SIGTERM');
    const { code } = await daemon.process.exit;

    expect(code).toBe(0);
    // Generous: the point is that it is not the deadline of 30 s.
    expect(performance.now() - began).toBeLessThan(12_000);
  }, 60_000);
});

describe('reeve run with a broken configuration', () => {
  it('lists every problem with its path and exits with 2 before it opens anything', async () => {
    await using daemon = await startDaemon({
      config: {
        targets: [
          { id: 'a', engine: 'postgres', url: 'postgres://reeve:canary-inline@db/x', intervall: '5s' },
          { id: 'a', engine: 'redis', url: { env: 'NOT_SET_ANYWHERE' } },
        ],
      },
      ready: false,
    });

    const { code } = await daemon.process.exit;

    expect(code).toBe(2);
    const { stderr, stdout } = daemon.process;
    for (const part of ['targets[0].url', 'targets[0].intervall', 'targets[1].id', 'NOT_SET_ANYWHERE']) {
      expect(stderr).toContain(part);
    }
    expect(stderr + stdout).not.toContain('canary-inline');
    expect(await readdir(daemon.folder)).toEqual(['reeve.yaml']);
  });

  it('says which file is missing', async () => {
    await using folder = await createTempDir('missing');
    const path = join(folder.path, 'not-there.yaml');

    const { code, stderr, stdout } = await runReeve(['run', '-c', path], { cwd: folder.path });

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(path);
    expect(stderr).toContain('cannot be read: it does not exist');
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe('reeve run, when a fault is caught by nobody', () => {
  it('logs it and goes on', async () => {
    const plant = `process.on('SIGUSR2', () => {
      Promise.reject(new Error('planted rejection'));
      setTimeout(() => { throw new Error('planted exception'); }, 0);
    });`;
    await using daemon = await startDaemon({
      config: { targets: [{ id: 'gone', engine: 'redis', url: 'redis://127.0.0.1:1', interval: '1s' }] },
      nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(plant)}`],
    });

    daemon.process.signal('SIGUSR2');
    await daemon.process.waitForLine(/planted rejection.*fault of the agent, going on/);
    await daemon.process.waitForLine(/planted exception.*fault of the agent, going on/);

    expect(await daemon.scrape()).toMatch(/^reeve_target_up\{target="gone".* 0$/m);
    daemon.process.signal('SIGTERM');
    expect(await daemon.process.exit).toMatchObject({ code: 0 });
  });
});
