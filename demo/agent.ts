import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../tests/support/net/free-port.ts';
import { type ServerProcess, spawnServer } from '../tests/support/server-process.ts';
import { waitUntil } from '../tests/support/wait-until.ts';
import { renderConfig, secretsOf } from './agent-config.ts';
import type { Cast } from './cast.ts';
import { parseExposition, type Scrape } from './exposition.ts';

/** Reeve itself, as an operator would run it: a process of its own with a file and an environment. */
export interface Agent extends AsyncDisposable {
  readonly url: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly process: ServerProcess;
  scrape(signal: AbortSignal): Promise<Scrape>;
}

/** The port of the documentation where it is free: people will open what they have read about. */
const usualPort = 9464;

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
  const port = (await isFree(usualPort)) ? usualPort : await findFreePort();
  const configFile = join(folder, 'reeve.yaml');
  const logFile = join(folder, 'reeve.log');
  await writeFile(configFile, renderConfig(port, casts));
  const child = await spawnServer({
    command: process.execPath,
    args: [fileURLToPath(new URL('../src/main.ts', import.meta.url)), 'run', '-c', configFile],
    cwd: folder,
    logFile,
    env: secretsOf(casts),
  });
  const url = `http://127.0.0.1:${port}`;
  const agent: Agent = {
    url,
    configFile,
    logFile,
    process: child,
    scrape: (stop) => scrape(url, stop),
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

async function scrape(url: string, stop: AbortSignal): Promise<Scrape> {
  const response = await fetch(`${url}/metrics`, {
    headers: { accept: 'text/plain; version=0.0.4' },
    signal: AbortSignal.any([stop, AbortSignal.timeout(3_000)]),
  });
  if (!response.ok) throw new Error(`${url}/metrics answered ${response.status}`);
  return parseExposition(await response.text());
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
