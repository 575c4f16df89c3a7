import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { mostFailures } from '../../../src/http/login-limit.ts';
import { mostUnprovenOfAddress } from '../../../src/http/unproven-limit.ts';
import { mostAlerts } from '../../../src/http/webhook-payload.ts';
import {
  bearer,
  type Listening,
  type ListeningOptions,
  listenForControl,
  tokenOf,
} from '../../support/control-listening.ts';
import { type AskOptions, ask } from '../../support/net/http-client.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { alertmanagerDelivery, firingAlert, grafanaDelivery } from './deliveries.ts';

const webhookSecret = 'webhook-secret';

function listenForAlerts(options: ListeningOptions = {}): Promise<Listening> {
  return listenForControl({ webhookSecret, ...options });
}

function deliver({ url }: Listening, body: string, options: AskOptions = {}) {
  const headers = bearer(webhookSecret);
  return ask(`${url}/api/v1/alertmanager`, { method: 'POST', headers, body, ...options });
}

function hmac(text: string): string {
  return createHmac('sha256', webhookSecret).update(text).digest('hex');
}

describe('a delivery of alerts', () => {
  it('hands every alert on and says what became of it', async () => {
    await using control = await listenForAlerts();
    const resolved = { ...firingAlert, status: 'resolved', endsAt: '2026-01-01T00:10:00Z', fingerprint: 'b' };

    const answer = await deliver(control, alertmanagerDelivery([firingAlert, resolved]));

    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({
      received: 2,
      truncated: 0,
      alerts: [
        { fingerprint: 'c6eadffa33fcdf37', outcome: 'opened', text: 'opened by c6eadffa33fcdf37' },
        { fingerprint: 'b', outcome: 'opened', text: 'opened by b' },
      ],
    });
    expect(control.api.alerts).toEqual([
      {
        status: 'firing',
        labels: firingAlert.labels,
        annotations: { summary: 'low' },
        startsAt: Date.UTC(2026, 0, 1, 0, 0, 0, 123),
        endsAt: undefined,
        fingerprint: 'c6eadffa33fcdf37',
      },
      expect.objectContaining({ status: 'resolved', endsAt: Date.UTC(2026, 0, 1, 0, 10) }),
    ]);
  });

  it('may come from Grafana, with all it adds', async () => {
    await using control = await listenForAlerts();

    expect(await deliver(control, grafanaDelivery())).toMatchObject({ status: 200 });
    expect(control.api.alerts).toMatchObject([{ startsAt: Date.UTC(2021, 9, 12, 7, 51, 3, 157) }]);
  });

  it('ends a resolved alert now when it does not say when', async () => {
    await using control = await listenForAlerts();
    const resolved = { ...firingAlert, status: 'resolved', annotations: null };

    await deliver(control, alertmanagerDelivery([resolved]));

    expect(control.api.alerts).toMatchObject([{ endsAt: control.clock.now(), annotations: {} }]);
  });

  it.each([
    ['no fingerprint', { fingerprint: undefined }, 'fingerprint'],
    ['an empty fingerprint', { fingerprint: '' }, 'fingerprint'],
    ['no beginning', { startsAt: undefined }, 'startsAt'],
    ['a beginning that is no time', { startsAt: 'yesterday' }, 'startsAt'],
    [
      "Go's zero time as its beginning",
      { startsAt: '0001-01-01T00:00:00Z' },
      'must say when the alert began',
    ],
    ['an unknown status', { status: 'pending' }, 'status'],
    ['labels that are no texts', { labels: { target: 1 } }, 'labels'],
  ])('refuses an alert with %s, and takes the others', async (_, broken, reason) => {
    await using control = await listenForAlerts();

    const answer = await deliver(control, alertmanagerDelivery([{ ...firingAlert, ...broken }, firingAlert]));

    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({
      received: 2,
      alerts: [{ outcome: 'refused', text: expect.stringContaining(reason) }, { outcome: 'opened' }],
    });
    expect(control.log.events).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'delivered alerts refused' }),
    );
  });

  it('notes alerts that the sender left out, in the answer and in the log', async () => {
    await using control = await listenForAlerts();

    const answer = await deliver(control, alertmanagerDelivery([firingAlert], { truncatedAlerts: 7 }));

    expect(JSON.parse(answer.body)).toMatchObject({ received: 1, truncated: 7 });
    expect(control.log.events).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: { received: 1, truncated: 7 } }),
    );
  });

  it('is asked for again when an alert could not be recorded, and the others are taken', async () => {
    const takeAlert = ({ fingerprint }: { readonly fingerprint: string }) => {
      if (fingerprint === 'full') throw new Error('database or disk is full');
      return { outcome: 'opened', breach: undefined, text: 'opened' } as const;
    };
    await using control = await listenForAlerts({ content: { takeAlert } });

    const answer = await deliver(
      control,
      alertmanagerDelivery([{ ...firingAlert, fingerprint: 'full' }, firingAlert]),
    );

    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body)).toMatchObject({ alerts: [{ outcome: 'failed' }, { outcome: 'opened' }] });
    expect(answer.body).not.toContain('disk is full');
    expect(control.log.events).toContainEqual(expect.objectContaining({ level: 'error' }));
  });

  it.each([
    ['no JSON', 'alerts!', 400, 'not JSON'],
    ['no delivery', '[]', 400, 'not a delivery'],
    ['another version', alertmanagerDelivery([firingAlert], { version: '5' }), 400, `version is "5"`],
    ['the version of 2015', alertmanagerDelivery([firingAlert], { version: '1' }), 400, `version is "1"`],
    ['no version', alertmanagerDelivery([firingAlert], { version: undefined }), 400, 'version'],
    ['no list of alerts', alertmanagerDelivery([], { alerts: {} }), 400, 'alerts'],
    [
      'too many alerts',
      alertmanagerDelivery(Array.from({ length: mostAlerts + 1 }, () => 0)),
      413,
      'max_alerts: 1000',
    ],
  ])('is refused as a whole when it has %s', async (_, body, status, reason) => {
    await using control = await listenForAlerts();

    const answer = await deliver(control, body);

    expect(answer).toMatchObject({ status, body: expect.stringContaining(reason) });
    expect(control.api.alerts).toEqual([]);
  });

  it('is refused when it is larger than 1 MiB, and the sender hears of it', async () => {
    await using control = await listenForAlerts();

    const answer = await deliver(control, 'x'.repeat(5 * 1024 * 1024));

    expect(answer).toMatchObject({ status: 413, body: expect.stringContaining('1048576 bytes') });
  });
});

describe('the sender of a delivery', () => {
  const body = alertmanagerDelivery([firingAlert]);

  it.each([
    ['the secret of the webhook', bearer(webhookSecret), 200],
    ['a token of an approver', bearer('oncall-secret'), 200],
    ['a token of an admin', bearer('ops-secret'), 200],
    ['a token of a viewer', bearer('grafana-secret'), 403],
    ['another bearer', bearer('guessed'), 401],
    ['nothing', {}, 401],
    ['a password', { authorization: `Basic ${btoa(`x:${webhookSecret}`)}` }, 401],
    ['a signature of the body', { 'x-reeve-signature': `sha256=${hmac(body)}` }, 200],
    ["Grafana's signature", { 'x-grafana-alerting-signature': hmac(body) }, 200],
    ['a signature of another body', { 'x-reeve-signature': `sha256=${hmac('other')}` }, 401],
    ['a signature that is none', { 'x-reeve-signature': 'sha256=abc' }, 401],
  ])('that shows %s gets %3$d', async (_, headers, status) => {
    const tokens = [tokenOf('grafana', 'viewer'), tokenOf('oncall', 'approver'), tokenOf('ops', 'admin')];
    await using control = await listenForAlerts({ tokens });

    const answer = await deliver(control, body, { headers: { ...headers } });

    expect(answer.status).toBe(status);
    expect(control.api.alerts).toHaveLength(status === 200 ? 1 : 0);
  });

  it.each([
    ['now', 0, 200],
    ['four minutes old', -240, 200],
    ['six minutes old', -360, 401],
    ['six minutes ahead', 360, 401],
  ])('may sign a time that is %s: %3$d', async (_, offsetSeconds, status) => {
    await using control = await listenForAlerts();
    const timestamp = String(control.clock.now() / 1_000 + offsetSeconds);
    const headers = {
      'x-grafana-alerting-signature': hmac(`${timestamp}:${body}`),
      'x-grafana-alerting-timestamp': timestamp,
    };

    expect(await deliver(control, body, { headers })).toMatchObject({ status });
  });

  it('cannot take the time away from a signature, nor sign something that is no time', async () => {
    await using control = await listenForAlerts();
    const signed = { 'x-grafana-alerting-signature': hmac(`1:${body}`) };
    const strange = {
      'x-grafana-alerting-signature': hmac(`soon:${body}`),
      'x-grafana-alerting-timestamp': 'soon',
    };

    expect(await deliver(control, body, { headers: signed })).toMatchObject({ status: 401 });
    expect(await deliver(control, body, { headers: strange })).toMatchObject({ status: 401 });
  });

  it('is told what to configure when nothing proves a delivery', async () => {
    await using control = await listenForControl();

    const answer = await deliver(control, body);

    expect(answer).toMatchObject({
      status: 403,
      body: expect.stringContaining('configure control.webhookSecret'),
    });
    expect(control.api.alerts).toEqual([]);
  });

  it('is told that signatures need the shared secret', async () => {
    await using control = await listenForControl({ tokens: [tokenOf('ops', 'admin')] });
    const headers = { 'x-reeve-signature': `sha256=${hmac(body)}` };

    expect(await deliver(control, body, { headers })).toMatchObject({
      status: 403,
      body: expect.stringContaining('signatures cannot be checked'),
    });
  });

  it('is not heard after too many wrong proofs', async () => {
    await using control = await listenForAlerts();
    for (let failure = 0; failure < mostFailures; failure += 1) {
      const headers = failure % 2 === 0 ? bearer('guessed') : { 'x-reeve-signature': hmac('other') };
      await deliver(control, body, { headers });
    }

    expect(await deliver(control, body)).toMatchObject({ status: 429 });
    expect(JSON.stringify(control.log.events)).not.toContain('guessed');
  });

  it('that nobody has proven yet takes no place from the others, however slowly it is sent', async () => {
    await using control = await listenForAlerts({ tokens: [tokenOf('ops', 'viewer')] });
    const headers = { 'x-reeve-signature': hmac(body) };
    const head = `POST /api/v1/alertmanager HTTP/1.1\r\nhost: x\r\nx-reeve-signature: ${'0'.repeat(64)}\r\ncontent-length: 9\r\n\r\n{`;
    const { port = 0 } = control.listener;
    const answers: string[] = [];
    const sockets = Array.from({ length: 40 }, () => connect(port, '127.0.0.1'));
    for (const socket of sockets) {
      socket
        .on('error', () => undefined)
        .on('data', (data) => answers.push(data.toString('utf8').slice(0, 12)));
      socket.write(head);
    }
    await waitUntil('all but a few to be turned away', async () =>
      answers.length >= sockets.length - mostUnprovenOfAddress ? true : undefined,
    );

    const read = await ask(`${control.url}/api/v1/objectives`, { headers: bearer('ops-secret') });
    const proven = await deliver(control, body);
    const signed = await deliver(control, body, { headers });
    for (const socket of sockets) socket.destroy();

    expect(new Set(answers)).toEqual(new Set(['HTTP/1.1 503']));
    expect([read.status, proven.status, signed.status]).toEqual([200, 200, 503]);
    await waitUntil('a place for the next', async () => {
      const { status } = await deliver(control, body, { headers });
      return status === 200 ? true : undefined;
    });
  });

  it.each(['alertname', 'target', 'objective', 'subject'])(
    'has no %s that is longer than a name',
    async (label) => {
      await using control = await listenForAlerts();
      const labels = { ...firingAlert.labels, [label]: 'x'.repeat(513) };

      const answer = await deliver(control, alertmanagerDelivery([{ ...firingAlert, labels }]));

      expect(answer.body).toContain('must have at most 512 characters');
      expect(control.api.alerts).toEqual([]);
    },
  );

  it('that is wrong in many places is refused in few words', async () => {
    await using control = await listenForAlerts();
    const labels = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`l${index}`, index]));

    const answer = await deliver(control, alertmanagerDelivery([{ ...firingAlert, labels }]));

    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('and 995 more') });
    expect(answer.body.length).toBeLessThan(1_000);
  });
});
