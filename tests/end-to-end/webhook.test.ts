import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AlertAnswer, DeliveredAlert } from '../../src/core/delivered-alert.ts';
import {
  type AlertmanagerServer,
  type SentAlert,
  startAlertmanager,
  webhookConfig,
} from '../support/alertmanager/server.ts';
import { type Listening, type ListeningOptions, listenForControl } from '../support/control-listening.ts';
import { startDaemon } from '../support/daemon.ts';
import { requireProgram } from '../support/debian.ts';
import { findFreePort } from '../support/net/free-port.ts';
import { ask } from '../support/net/http-client.ts';
import { startPrometheus } from '../support/prometheus/server.ts';
import { startRedis } from '../support/redis/server.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { waitUntil } from '../support/wait-until.ts';

const isInstalled = requireProgram('prometheus-alertmanager').path !== undefined;
const webhookSecret = 'shared-with-alertmanager';

const Breaches = z.object({
  breaches: z.array(
    z.object({ objective: z.string(), subject: z.string(), closeReason: z.string().optional() }),
  ),
});

const labels = { alertname: 'HitRatioLow', target: 'orders', objective: 'index_hit_ratio', subject: 'app' };

function startReceiver(options: ListeningOptions = {}): Promise<Listening> {
  return listenForControl({ webhookSecret, ...options });
}

/** Delivers to the receiver, as an operator would configure it. */
function startSender(
  receiver: { readonly url: string },
  more: Readonly<Record<string, unknown>> = {},
  secret = webhookSecret,
): Promise<AlertmanagerServer> {
  const text = webhookConfig({
    url: `${receiver.url}/api/v1/alertmanager`,
    http_config: { authorization: { credentials: secret } },
    ...more,
  });
  return startAlertmanager({ config: { text } });
}

function deliveries(receiver: Listening): readonly string[] {
  return receiver.log.events.map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`);
}

/** Fires until it is sent as ended. */
function fire(more: Readonly<Record<string, string>> = {}): SentAlert {
  return {
    labels: { ...labels, ...more },
    annotations: { summary: 'low' },
    startsAt: new Date().toISOString(),
  };
}

describe.skipIf(!isInstalled)('a real Alertmanager', { timeout: 60_000 }, () => {
  it('delivers an alert when it fires, again and again, and when it is resolved', async () => {
    await using receiver = await startReceiver();
    await using alertmanager = await startSender(receiver);
    const { alerts } = receiver.api;
    const alert = fire();

    await alertmanager.send([alert]);
    await waitUntil('the alert to be delivered three times', () => alerts.length >= 3, { timeoutMs: 20_000 });
    await alertmanager.send([{ ...alert, endsAt: new Date().toISOString() }]);
    const resolved = await waitUntil(
      'the end of the alert',
      () => alerts.find(({ status }) => status === 'resolved'),
      {
        timeoutMs: 20_000,
      },
    );

    const [first, second] = alerts;
    expect(first).toMatchObject({
      status: 'firing',
      labels,
      endsAt: undefined,
      annotations: { summary: 'low' },
    });
    expect(first?.fingerprint).toMatch(/^[0-9a-f]{16}$/);
    // What makes a repeated delivery known.
    expect([second?.fingerprint, second?.startsAt]).toEqual([first?.fingerprint, first?.startsAt]);
    expect([resolved.fingerprint, resolved.startsAt]).toEqual([first?.fingerprint, first?.startsAt]);
    expect(resolved.endsAt).toBeGreaterThanOrEqual(resolved.startsAt);
  });

  it('leaves alerts out when it is told to, which is noted', async () => {
    await using receiver = await startReceiver();
    await using alertmanager = await startSender(receiver, { max_alerts: 1 });

    await alertmanager.send([fire(), fire({ subject: 'billing' })]);

    await waitUntil(
      'the delivery to be noted',
      () =>
        deliveries(receiver).some(
          (line) => line.includes('left alerts out') && line.includes('"truncated":1'),
        ),
      { timeoutMs: 20_000 },
    );
    expect(receiver.api.alerts.length).toBeGreaterThan(0);
  });

  it('delivers again what could not be recorded', async () => {
    let isFull = true;
    const taken: DeliveredAlert[] = [];
    const takeAlert = (alert: DeliveredAlert): AlertAnswer => {
      if (isFull) {
        isFull = false;
        throw new Error('database or disk is full');
      }
      taken.push(alert);
      return { outcome: 'opened', breach: undefined, text: 'opened' };
    };
    await using receiver = await startReceiver({ content: { takeAlert } });
    await using alertmanager = await startSender(receiver);

    await alertmanager.send([fire()]);

    await waitUntil('the alert to be taken', () => taken.length > 0, { timeoutMs: 20_000 });
    expect(receiver.log.events).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'delivered alert could not be recorded' }),
    );
  });

  it('is turned away with another secret, and nothing is taken', async () => {
    await using receiver = await startReceiver();
    await using alertmanager = await startSender(receiver, {}, 'another-secret');

    await alertmanager.send([fire()]);

    await waitUntil('the refusal', async () =>
      (await alertmanager.logTail()).includes('unexpected status code 401'),
    );
    expect(receiver.api.alerts).toEqual([]);
    expect(deliveries(receiver).join('\n')).toContain('login refused');
    expect(deliveries(receiver).join('\n')).not.toContain('another-secret');
  });
});

describe.skipIf(!isInstalled)('a real Prometheus with a real Alertmanager', { timeout: 90_000 }, () => {
  it('bring an alert from its rule to the webhook', async () => {
    await using folder = await createTempDir('rules');
    const ruleFile = join(folder.path, 'rules.json');
    const rule = {
      alert: 'HitRatioLow',
      expr: 'vector(1) == 1',
      labels: { ...labels, alertname: undefined },
    };
    await writeFile(ruleFile, JSON.stringify({ groups: [{ name: 'test', rules: [rule] }] }));
    await using receiver = await startReceiver();
    await using alertmanager = await startSender(receiver);
    await using _ = await startPrometheus({
      jobs: [],
      ruleFiles: [ruleFile],
      alertmanagers: [`127.0.0.1:${alertmanager.port}`],
    });

    const alert = await waitUntil('the alert', () => receiver.api.alerts[0], { timeoutMs: 60_000 });

    expect(alert).toMatchObject({ status: 'firing', labels });
  });
});

describe.skipIf(!isInstalled)('a running agent', { timeout: 90_000 }, () => {
  const foreign = {
    alertname: 'TeamCacheAlert',
    target: 'sessions',
    objective: 'cache_hit_ratio',
    subject: '',
  };

  it("takes a team's own alert: one breach, shown to people, that ends with the alert", async () => {
    await using redis = await startRedis();
    const port = await findFreePort();
    const url = `http://127.0.0.1:${port}`;
    await using daemon = await startDaemon({
      config: {
        targets: [{ id: 'sessions', engine: 'redis', url: { env: 'SESSIONS_URL' }, interval: '1s' }],
        control: { listen: `127.0.0.1:${port}`, webhookSecret: { env: 'WEBHOOK_SECRET' } },
      },
      env: { SESSIONS_URL: redis.url, WEBHOOK_SECRET: webhookSecret },
    });
    await using alertmanager = await startSender({ url });
    const alert = { labels: foreign, startsAt: new Date().toISOString() };
    const breaches = async () => {
      const { body } = await ask(`${url}/api/v1/breaches?target=sessions`);
      return Breaches.parse(JSON.parse(body)).breaches;
    };

    await alertmanager.send([alert]);
    await daemon.waitForSample(
      /^reeve_objective_state\{.*objective="cache_hit_ratio".*state="breached"\} 1/,
      40_000,
    );
    const page = await ask(`${url}/breaches?target=sessions&objective=cache_hit_ratio&subject=`);
    await alertmanager.send([{ ...alert, endsAt: new Date().toISOString() }]);
    await waitUntil('the breach to end', async () => (await breaches())[0]?.closeReason === 'resolved', {
      timeoutMs: 20_000,
    });

    expect(await breaches()).toMatchObject([{ objective: 'cache_hit_ratio', subject: '' }]);
    expect(page).toMatchObject({ status: 200 });
    expect(page.body).toContain('cache_hit_ratio of sessions: <span class="breached">BREACHED</span>');
    expect(page.body).toContain('<a href="runbooks/ReeveCacheHitRatioLow">');
    expect(await ask(`${url}/runbooks/ReeveCacheHitRatioLow`)).toMatchObject({
      status: 200,
      body: expect.stringMatching(/^# ReeveCacheHitRatioLow/),
    });
  });
});
