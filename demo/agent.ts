import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answers } from '../src/cli/remediation-json.ts';
import type { RunReport } from '../src/core/remediation/control.ts';
import type { Run } from '../src/core/remediation/run.ts';
import { findFreePort } from '../tests/support/net/free-port.ts';
import { type ServerProcess, spawnServer } from '../tests/support/server-process.ts';
import { waitUntil } from '../tests/support/wait-until.ts';
import { renderConfig, secretsFolder, secretsOf } from './agent-config.ts';
import type { Cast } from './cast.ts';
import { parseExposition, type Scrape } from './exposition.ts';
import { type Judged, readJudged } from './judged.ts';

/** Reeve itself, as an operator would run it: a process of its own with a file and secrets in files. */
export interface Agent extends AsyncDisposable {
  readonly url: string;
  /** Of the control listener. */
  readonly controlUrl: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly process: ServerProcess;
  scrape(signal: AbortSignal): Promise<Scrape>;
  /** What it says beyond its page: why, and which breaches there were. */
  judged(signal: AbortSignal): Promise<Judged>;
  /** Its runs, those changed last first. */
  runs(signal: AbortSignal): Promise<readonly Run[]>;
  /** All of one run. */
  report(id: string, signal: AbortSignal): Promise<RunReport>;
}

/** The ports of the documentation where they are free: people will open what they have read about. */
const usualPorts = { metrics: 9464, control: 9465 } as const;

/**
 * Starts `reeve run` on the servers and waits until it answers scrapes.
 *
 * @throws {Error} with the tail of its log when it ends before that.
 */
export async function startAgent(
  folder: string,
  casts: readonly Cast[],
  keep: (resource: AsyncDisposable) => void,
  signal: AbortSignal,
): Promise<Agent> {
  const ports = {
    metrics: await portNear(usualPorts.metrics),
    control: await portNear(usualPorts.control),
  };
  const configFile = join(folder, 'reeve.yaml');
  const logFile = join(folder, 'reeve.log');
  await writeFile(configFile, renderConfig(ports, casts));
  await writeSecrets(join(folder, secretsFolder), secretsOf(casts));
  const child = await spawnServer({
    command: process.execPath,
    args: [fileURLToPath(new URL('../src/main.ts', import.meta.url)), 'run', '-c', configFile],
    cwd: folder,
    logFile,
  });
  const url = `http://127.0.0.1:${ports.metrics}`;
  const controlUrl = `http://127.0.0.1:${ports.control}`;
  const askJson = (path: string, stop: AbortSignal): Promise<string> =>
    ask(`${controlUrl}${path}`, 'application/json', stop);
  const agent: Agent = {
    url,
    controlUrl,
    configFile,
    logFile,
    process: child,
    scrape: async (stop) => parseExposition(await ask(`${url}/metrics`, 'text/plain; version=0.0.4', stop)),
    judged: (stop) => readJudged((path) => askJson(path, stop)),
    runs: async (stop) => answers.runs().parse(JSON.parse(await askJson('/api/v1/runs', stop))).runs,
    report: async (id, stop) => answers.report().parse(JSON.parse(await askJson(`/api/v1/runs/${id}`, stop))),
    async [Symbol.asyncDispose]() {
      await child.stop('SIGTERM', 3_000);
    },
  };
  keep(agent);
  const state = await waitUntil(
    'the agent to answer',
    async () => (child.exit() ? 'ended' : (await fetch(`${url}/healthz`, { signal })).ok && 'answers'),
    { timeoutMs: 20_000, everyMs: 100, signal },
  );
  if (state === 'ended') throw new Error(`the agent ended at its start:\n${await child.logTail()}`);
  return agent;
}

/** Files, so that other commands on the same configuration need no environment of their own. */
async function writeSecrets(folder: string, secrets: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  for (const [name, value] of Object.entries(secrets))
    await writeFile(join(folder, name), value, { mode: 0o600 });
}

async function ask(url: string, accept: string, stop: AbortSignal): Promise<string> {
  const response = await fetch(url, {
    headers: { accept },
    signal: AbortSignal.any([stop, AbortSignal.timeout(3_000)]),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}

async function portNear(usual: number): Promise<number> {
  return (await isFree(usual)) ? usual : findFreePort();
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
