import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { programPath } from '../debian.ts';
import { findFreePort } from '../net/free-port.ts';
import { runOrThrow } from '../run-command.ts';
import { type ServerProcess, spawnServer } from '../server-process.ts';
import { createTempDir } from '../temp-dir.ts';
import { waitUntil } from '../wait-until.ts';

/** One scrape job; every address is `host:port`. */
export interface ScrapeJob {
  /** Default `reeve`. */
  readonly job?: string;
  readonly addresses: readonly string[];
  /** Default `/metrics`. */
  readonly path?: string;
  readonly scheme?: 'http' | 'https';
  readonly basicAuth?: { readonly username: string; readonly password: string };
  readonly bearerToken?: string;
  /** PEM file of the authority that signed the exporter's certificate. */
  readonly caFile?: string;
  readonly serverName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** More keys of Prometheus' `scrape_config`, in its own words. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export interface PrometheusOptions {
  readonly jobs: readonly ScrapeJob[];
  /** Default `1s`. */
  readonly scrapeInterval?: string;
  /** Absolute paths; evaluated as often as scraped. */
  readonly ruleFiles?: readonly string[];
  /** `host:port` of Alertmanagers (or of a double) that alerts are sent to. */
  readonly alertmanagers?: readonly string[];
  /** What it remembers from before its start: OpenMetrics text with timestamps, oldest first, and `# EOF`. */
  readonly history?: string;
  readonly signal?: AbortSignal;
}

export interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PrometheusTarget {
  readonly job: string;
  readonly scrapeUrl: string;
  readonly health: 'up' | 'down' | 'unknown';
  /** Empty while it goes well. */
  readonly lastError: string;
}

export interface PrometheusServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** An instant query; its result is a vector, or a scalar as one series without labels. */
  query(promql: string): Promise<readonly PrometheusSeries[]>;
  /** Resolves with the first result that has a series. */
  waitFor(promql: string, timeoutMs?: number): Promise<readonly PrometheusSeries[]>;
  targets(): Promise<readonly PrometheusTarget[]>;
  /** Any path of the HTTP API: the `data` of its answer. */
  api(path: string): Promise<unknown>;
  stop(): Promise<void>;
  logTail(): Promise<string>;
}

/**
 * Starts Debian's Prometheus on a free port of 127.0.0.1 with a temporary database, and waits until it is ready (about 0.2 s).
 *
 * Its first scrape comes five to six seconds later: its discovery hands on targets every 5 s, also static ones, which no flag changes.
 */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  const command = programPath('prometheus');
  const folder = await createTempDir('prometheus');
  const configFile = join(folder.path, 'prometheus.yml');
  try {
    await writeFile(configFile, JSON.stringify(renderConfig(options), undefined, 2)); // JSON is YAML
    if (options.history !== undefined) await writeHistory(options.history, folder.path);
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const port = await findFreePort();
      const child = await spawnServer({
        command,
        args: [
          `--config.file=${configFile}`,
          `--storage.tsdb.path=${join(folder.path, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--web.enable-lifecycle',
          // An alert that fires before discovery has handed on the Alertmanagers would be sent a minute later.
          '--rules.alert.resend-delay=5s',
          '--storage.tsdb.retention.time=400d',
        ],
        cwd: folder.path,
        logFile: join(folder.path, 'prometheus.log'),
      });
      const outcome = await waitUntilReady(child, port, options.signal);
      if (outcome === 'ready') return describeServer(child, port, () => folder.remove());
    }
    throw new Error('Prometheus found five ports taken');
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function describeServer(child: ServerProcess, port: number, remove: () => Promise<void>): PrometheusServer {
  const url = `http://127.0.0.1:${port}`;
  const query = async (promql: string): Promise<readonly PrometheusSeries[]> =>
    parseVector(await fetchApi(`${url}/api/v1/query?query=${encodeURIComponent(promql)}`));
  const stop = async (): Promise<void> => {
    await child.stop('SIGTERM');
  };
  return {
    url,
    port,
    pid: child.pid,
    query,
    waitFor: (promql, timeoutMs = 15_000) =>
      waitUntil(
        `Prometheus to answer ${promql}`,
        async () => {
          const series = await query(promql);
          return series.length > 0 && series;
        },
        { timeoutMs, everyMs: 100 },
      ),
    targets: async () => parseTargets(await fetchApi(`${url}/api/v1/targets?state=active`)),
    api: (path) => fetchApi(`${url}${path}`),
    stop,
    logTail: () => child.logTail(),
    async [Symbol.asyncDispose]() {
      await child.stop('SIGKILL'); // its database goes with the folder: no need to close it
      await remove();
    },
  };
}

async function writeHistory(text: string, folder: string): Promise<void> {
  const file = join(folder, 'history.om');
  await writeFile(file, text);
  await runOrThrow(programPath('promtool'), [
    'tsdb',
    'create-blocks-from',
    'openmetrics',
    file,
    join(folder, 'data'),
  ]);
}

function renderConfig(options: PrometheusOptions): unknown {
  const interval = options.scrapeInterval ?? '1s';
  return {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: options.ruleFiles ?? [],
    alerting: { alertmanagers: [{ static_configs: [{ targets: options.alertmanagers ?? [] }] }] },
    scrape_configs: options.jobs.map((job) => ({
      job_name: job.job ?? 'reeve',
      metrics_path: job.path ?? '/metrics',
      scheme: job.scheme ?? 'http',
      static_configs: [{ targets: job.addresses, labels: job.labels ?? {} }],
      basic_auth: job.basicAuth,
      authorization: job.bearerToken === undefined ? undefined : { credentials: job.bearerToken },
      tls_config: job.caFile === undefined ? undefined : { ca_file: job.caFile, server_name: job.serverName },
      ...job.more,
    })),
  };
}

async function waitUntilReady(
  child: ServerProcess,
  port: number,
  signal: AbortSignal | undefined,
): Promise<'ready' | 'port taken'> {
  try {
    const state = await waitUntil(
      'Prometheus to be ready',
      async () => {
        if (child.exit()) return 'exited';
        const response = await fetch(`http://127.0.0.1:${port}/-/ready`);
        return response.ok && 'ready';
      },
      { timeoutMs: 30_000, signal },
    );
    if (state === 'ready') return state;
    const tail = await child.logTail();
    if (tail.includes('address already in use')) return 'port taken';
    throw new Error(`Prometheus exited at start:\n${tail}`);
  } catch (error) {
    await child.stop('SIGKILL');
    throw error;
  }
}

async function fetchApi(url: string): Promise<unknown> {
  const response = await fetch(url);
  const body = ApiAnswer.parse(await response.json());
  if (body.status !== 'success') throw new Error(`Prometheus refused ${url}: ${body.error}`);
  return body.data;
}

// Prometheus' HTTP API v1: https://prometheus.io/docs/prometheus/latest/querying/api/
const ApiAnswer = z.object({
  status: z.string(),
  error: z.string().optional(),
  data: z.unknown().optional(),
});
const Point = z.tuple([z.number(), z.string().transform((text) => Number(text.replace('Inf', 'Infinity')))]);
const QueryResult = z.discriminatedUnion('resultType', [
  z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: Point })),
  }),
  z.object({ resultType: z.literal('scalar'), result: Point }),
]);
const Targets = z.object({
  activeTargets: z.array(
    z.object({
      scrapePool: z.string(),
      scrapeUrl: z.string(),
      health: z.enum(['up', 'down', 'unknown']),
      lastError: z.string(),
    }),
  ),
});

function parseVector(data: unknown): readonly PrometheusSeries[] {
  const found = QueryResult.parse(data);
  if (found.resultType === 'scalar') return [{ labels: {}, value: found.result[1] }];
  return found.result.map((series) => ({ labels: series.metric, value: series.value[1] }));
}

function parseTargets(data: unknown): readonly PrometheusTarget[] {
  return Targets.parse(data).activeTargets.map(({ scrapePool, ...target }) => ({
    job: scrapePool,
    ...target,
  }));
}
