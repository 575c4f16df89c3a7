import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { findFreePort } from './net/free-port.ts';
import { ask } from './net/http-client.ts';
import { type ReeveProcess, spawnReeve } from './process.ts';
import { createTempDir } from './temp-dir.ts';
import { waitUntil } from './wait-until.ts';

/** `reeve run` as an operator starts it: a process of its own with a configuration file, on a free port. */
export interface Daemon extends AsyncDisposable {
  readonly process: ReeveProcess;
  readonly folder: string;
  readonly configPath: string;
  readonly metricsPort: number;
  readonly url: string;
  /** Writes another configuration (an object, or the text itself); does not reload. */
  configure(config: DaemonConfig | string): Promise<void>;
  /** The metrics page. */
  scrape(headers?: Readonly<Record<string, string>>): Promise<string>;
  /** Waits for a line of the metrics page. */
  waitForSample(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** A request to the control socket. */
  control(method: string, path: string): Promise<{ readonly status: number; readonly body: string }>;
}

/** The file without `metrics.listen` and `store`, which the daemon helper fills in unless they are given. */
export type DaemonConfig = Readonly<Record<string, unknown>>;

export interface DaemonOptions {
  readonly config: DaemonConfig;
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of Node itself. */
  readonly nodeArgs?: readonly string[];
  /** Default true: waits until every target was tried once. */
  readonly ready?: boolean;
}

export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const folder = await createTempDir('daemon');
  const configPath = join(folder.path, 'reeve.yaml');
  const metricsPort = await findFreePort();
  const configure = (config: DaemonConfig | string): Promise<void> =>
    writeFile(
      configPath,
      typeof config === 'string'
        ? config
        : stringify({
            metrics: { listen: `127.0.0.1:${metricsPort}` },
            store: { path: './data' },
            ...config,
          }),
    );
  await configure(options.config);
  const process = await spawnReeve(['run', '-c', configPath], {
    env: options.env ?? {},
    cwd: folder.path,
    nodeArgs: options.nodeArgs ?? [],
  });
  const url = `http://127.0.0.1:${metricsPort}`;
  const scrape = async (headers: Readonly<Record<string, string>> = {}): Promise<string> => {
    const response = await fetch(`${url}/metrics`, { headers });
    if (!response.ok) throw new Error(`scrape answered ${response.status}: ${await response.text()}`);
    return response.text();
  };
  const daemon: Daemon = {
    process,
    folder: folder.path,
    configPath,
    metricsPort,
    url,
    configure,
    scrape,
    waitForSample: (pattern, timeoutMs = 20_000) =>
      waitUntil(
        `a sample like ${pattern}`,
        async () => (await scrape()).split('\n').find((line) => pattern.test(line)),
        { timeoutMs },
      ),
    control: (method, path) =>
      ask(`http://reeve${path}`, { method, socketPath: join(folder.path, 'data', 'control.sock') }),
    [Symbol.asyncDispose]: async () => {
      await process[Symbol.asyncDispose]();
      await folder.remove();
    },
  };
  if (options.ready !== false) await waitUntilReady(daemon);
  return daemon;
}

async function waitUntilReady(daemon: Daemon): Promise<void> {
  await waitUntil(
    'the daemon to be ready',
    async () => {
      const response = await fetch(`${daemon.url}/readyz`).catch(() => undefined);
      return response?.ok === true ? true : undefined;
    },
    { timeoutMs: 20_000 },
  );
}
