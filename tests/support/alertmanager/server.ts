import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { programPath } from '../debian.ts';
import { findFreePort } from '../net/free-port.ts';
import { type ServerProcess, spawnServer } from '../server-process.ts';
import { createTempDir } from '../temp-dir.ts';
import { waitUntil } from '../wait-until.ts';

export interface AlertmanagerOptions {
  /** The configuration file in YAML or JSON; a path of its own works too. */
  readonly config: { readonly text: string } | { readonly file: string };
  readonly signal?: AbortSignal;
}

export interface SentAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** RFC 3339; now when absent. */
  readonly startsAt?: string;
  /** RFC 3339; in the past: resolved. */
  readonly endsAt?: string;
}

export interface AlertmanagerServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** What Prometheus does: hands alerts over. */
  send(alerts: readonly SentAlert[]): Promise<void>;
  /** The labels of the alerts that are active. */
  activeAlerts(): Promise<readonly Readonly<Record<string, string>>[]>;
  stop(): Promise<void>;
  logTail(): Promise<string>;
}

/** A configuration with one receiver, which calls a webhook; times are short, so that tests need not wait. */
export function webhookConfig(webhook: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    route: {
      receiver: 'webhook',
      group_by: ['alertname'],
      group_wait: '0s',
      group_interval: '1s',
      repeat_interval: '2s',
    },
    receivers: [{ name: 'webhook', webhook_configs: [{ send_resolved: true, ...webhook }] }],
  });
}

/** Starts Debian's Alertmanager alone (no cluster) on a free port of 127.0.0.1 with temporary storage, and waits until it is ready. */
export async function startAlertmanager(options: AlertmanagerOptions): Promise<AlertmanagerServer> {
  const command = programPath('prometheus-alertmanager');
  const folder = await createTempDir('alertmanager');
  try {
    const configFile = 'file' in options.config ? options.config.file : join(folder.path, 'alertmanager.yml');
    if ('text' in options.config) await writeFile(configFile, options.config.text);
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const port = await findFreePort();
      const child = await spawnServer({
        command,
        args: [
          `--config.file=${configFile}`,
          `--storage.path=${join(folder.path, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--cluster.listen-address=',
        ],
        cwd: folder.path,
        logFile: join(folder.path, 'alertmanager.log'),
      });
      const outcome = await waitUntilReady(child, port, options.signal);
      if (outcome === 'ready') return describeServer(child, port, () => folder.remove());
    }
    throw new Error('Alertmanager found five ports taken');
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function describeServer(child: ServerProcess, port: number, remove: () => Promise<void>): AlertmanagerServer {
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    pid: child.pid,
    async send(alerts) {
      const response = await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts),
      });
      if (!response.ok) throw new Error(`Alertmanager refused the alerts: ${await response.text()}`);
    },
    async activeAlerts() {
      const response = await fetch(`${url}/api/v2/alerts?active=true`);
      return Alerts.parse(await response.json()).map(({ labels }) => labels);
    },
    async stop() {
      await child.stop('SIGTERM');
    },
    logTail: () => child.logTail(),
    async [Symbol.asyncDispose]() {
      await child.stop('SIGKILL');
      await remove();
    },
  };
}

// Alertmanager's HTTP API v2: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
const Alerts = z.array(z.object({ labels: z.record(z.string(), z.string()) }));

async function waitUntilReady(
  child: ServerProcess,
  port: number,
  signal: AbortSignal | undefined,
): Promise<'ready' | 'port taken'> {
  try {
    const state = await waitUntil(
      'Alertmanager to be ready',
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
    throw new Error(`Alertmanager exited at start:\n${tail}`);
  } catch (error) {
    await child.stop('SIGKILL');
    throw error;
  }
}
