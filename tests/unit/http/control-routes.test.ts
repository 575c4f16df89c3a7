import { describe, expect, it } from 'vitest';
import type { ObjectiveEvent } from '../../../src/core/judgement.ts';
import { listenForControl } from '../../support/control-listening.ts';
import { breachedJudgement, breachOf } from '../../support/fake-control-api.ts';
import { ask } from '../../support/net/http-client.ts';

const now = Date.UTC(2026, 0, 1);
const breach = breachOf(now);

describe('the routes of the control interface', () => {
  it('give the scorecard as JSON', async () => {
    const judgement = breachedJudgement(now);
    await using control = await listenForControl({ content: { objectives: [judgement] } });

    const { status, headers, body } = await ask(`${control.url}/api/v1/objectives`);

    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    expect(JSON.parse(body)).toMatchObject({
      objectives: [{ target: 'orders', state: 'breached', value: 0.9314 }],
    });
  });

  it.each([
    ['', { limit: 100 }],
    ['?open=true&limit=5', { open: true, limit: 5 }],
    ['?open=false', { limit: 100 }],
    [
      '?target=a%20b&objective=index_hit_ratio&subject=',
      { target: 'a b', objective: 'index_hit_ratio', subject: '', limit: 100 },
    ],
  ])('list breaches%s', async (query, filter) => {
    await using control = await listenForControl({ content: { recordedBreaches: [breach] } });

    const { status, body } = await ask(`${control.url}/api/v1/breaches${query}`);

    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ breaches: [{ fingerprint: '0123456789abcdef' }] });
    expect(control.api.breachFilters).toEqual([filter]);
  });

  it.each([
    ['?objective=hit_ratio', 'there are oltp_query_seconds'],
    ['?open=maybe', 'open must be true or false'],
    ['?limit=0', 'limit must be'],
    ['?limit=1001', 'limit must be'],
    ['?limit=all', 'limit must be'],
    ['?traget=orders', 'there is no such parameter; there are target'],
  ])('refuse to list breaches%s', async (query, reason) => {
    await using control = await listenForControl();

    expect(await ask(`${control.url}/api/v1/breaches${query}`)).toMatchObject({
      status: 400,
      body: expect.stringContaining(reason),
    });
  });

  it('show one breach with its own events', async () => {
    const event: ObjectiveEvent = {
      target: 'orders',
      objective: 'index_hit_ratio',
      subject: 'app',
      kind: 'opened',
      at: now,
      engine: 'postgres',
      state: 'breached',
      reason: undefined,
      value: 0.93,
      breach,
      text: 'opened',
    };
    const other = { ...event, breach: { ...breach, fingerprint: 'fedcba9876543210' }, text: 'of another' };
    await using control = await listenForControl({
      content: { recordedBreaches: [breach], recordedEvents: [event, other] },
    });

    const { status, body } = await ask(`${control.url}/api/v1/breaches/0123456789abcdef`);

    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ breach: { subject: 'app' }, events: [{ text: 'opened' }] });
    expect(control.api.breachFilters).toEqual([{ fingerprint: '0123456789abcdef', limit: 1 }]);
    expect(control.api.eventFilters).toMatchObject([
      { target: 'orders', subject: 'app', since: breach.since },
    ]);
  });

  it.each(['0123456789abcdef', '0123456789ABCDEF', '..%2f', ''])('know no breach %j', async (fingerprint) => {
    await using control = await listenForControl();

    expect(await ask(`${control.url}/api/v1/breaches/${fingerprint}`)).toMatchObject({ status: 404 });
  });

  it('show the page of breaches although a chat added to the link', async () => {
    await using control = await listenForControl({ content: { objectives: [breachedJudgement(now)] } });

    const { status, body } = await ask(
      `${control.url}/breaches?target=orders&objective=index_hit_ratio&subject=app&utm_source=chat`,
    );

    expect(status).toBe(200);
    expect(body).toContain('<h1>index_hit_ratio of orders, app</h1>');
    expect(await ask(`${control.url}/breaches?objective=none`)).toMatchObject({ status: 400 });
  });

  it('serve runbooks by the name of the alert, and no other file', async () => {
    const asked: string[] = [];
    const runbook = (name: string) => {
      asked.push(name);
      return name === 'ReeveDown' ? '# ReeveDown\n' : undefined;
    };
    await using control = await listenForControl({ content: { runbook } });

    expect(await ask(`${control.url}/runbooks/ReeveDown`)).toMatchObject({
      status: 200,
      body: '# ReeveDown\n',
    });
    for (const name of ['ReeveUp', '', '..', '%2e%2e%2fpackage', 'a/b'])
      expect(await ask(`${control.url}/runbooks/${name}`)).toMatchObject({ status: 404 });
    expect(asked).toEqual(['ReeveDown', 'ReeveUp']);
  });

  it('know no runbooks where there are none', async () => {
    await using control = await listenForControl();

    expect(await ask(`${control.url}/runbooks/ReeveDown`)).toMatchObject({ status: 404 });
  });

  it('name what there is, and the method', async () => {
    await using control = await listenForControl();

    expect(await ask(`${control.url}/api`)).toMatchObject({
      status: 404,
      body: expect.stringContaining('/api/v1/objectives'),
    });
    expect(await ask(`${control.url}/api/v1/alertmanager`)).toMatchObject({
      status: 405,
      headers: { allow: 'POST' },
    });
  });

  it('answer 500 without details when something fails that nobody foresaw', async () => {
    const breaches = () => {
      throw new Error('secret detail');
    };
    await using control = await listenForControl({ content: { breaches } });

    const { status, body } = await ask(`${control.url}/api/v1/breaches`);

    expect(status).toBe(500);
    expect(body).not.toContain('secret detail');
  });
});
