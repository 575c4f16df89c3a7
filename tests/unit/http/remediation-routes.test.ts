import { describe, expect, it } from 'vitest';
import type { ControlRole } from '../../../src/core/control-role.ts';
import { mostRefusalsNoted } from '../../../src/http/refusal-notes.ts';
import { bearer, type ListeningOptions, listenForControl, tokenOf } from '../../support/control-listening.ts';
import {
  createFakeRemediation,
  type FakeRemediation,
  fakeHash,
  fakeReport,
  fakeRun,
  fakeRunId,
} from '../../support/fake-remediation.ts';
import { ask } from '../../support/net/http-client.ts';

const tokens = (['viewer', 'approver', 'admin'] as const).map((role) => tokenOf(role, role));

const listen = (remediation: FakeRemediation, options: ListeningOptions = {}) =>
  listenForControl({ tokens, content: { remediation: () => remediation }, ...options });

const decision = { planHash: fakeHash, comment: 'looks right' };
const run = `/api/v1/runs/${fakeRunId}`;

interface Posting {
  readonly path: string;
  readonly body: unknown;
  readonly least: ControlRole;
  readonly asks: readonly unknown[];
}

const postings: readonly Posting[] = [
  {
    path: `${run}/approve`,
    body: decision,
    least: 'approver',
    asks: ['approve', fakeRunId, { planHash: fakeHash, comment: 'looks right', by: 'approver' }],
  },
  {
    path: `${run}/reject`,
    body: { planHash: fakeHash },
    least: 'approver',
    asks: ['reject', fakeRunId, { planHash: fakeHash, comment: '', by: 'approver' }],
  },
  { path: `${run}/cancel`, body: {}, least: 'approver', asks: ['cancel', fakeRunId, 'approver', false] },
  { path: `${run}/cancel`, body: { undo: true }, least: 'admin', asks: ['cancel', fakeRunId, 'admin', true] },
  { path: `${run}/retry`, body: undefined, least: 'approver', asks: ['retry', fakeRunId, 'approver'] },
  {
    path: '/api/v1/runs',
    body: { pipeline: 'index_management', target: 'orders' },
    least: 'approver',
    asks: ['start', { pipeline: 'index_management', target: 'orders', by: 'approver' }],
  },
  {
    path: '/api/v1/pause',
    body: { reason: 'sale' },
    least: 'admin',
    asks: ['pause', 'admin', 'sale', false],
  },
  { path: '/api/v1/resume', body: undefined, least: 'admin', asks: ['resume', 'admin'] },
  {
    path: '/api/v1/actions/enable',
    body: { target: 'orders', action: 'drop_unused_index' },
    least: 'admin',
    asks: ['enable', 'orders', 'drop_unused_index', 'admin'],
  },
];

const textOf = (body: unknown) => (body === undefined ? '' : JSON.stringify(body));
const below: Readonly<Record<ControlRole, ControlRole>> = {
  viewer: 'viewer',
  approver: 'viewer',
  admin: 'approver',
};

describe('the routes of remediation', () => {
  it.each(postings)('POST $path $body asks remediation in the name of the token', async (posting) => {
    const remediation = createFakeRemediation();
    await using control = await listen(remediation);

    const { status, body } = await ask(`${control.url}${posting.path}`, {
      method: 'POST',
      headers: bearer(`${posting.least}-secret`),
      body: textOf(posting.body),
    });

    expect({ status, answer: JSON.parse(body) }).toEqual({ status: 200, answer: { ok: true, text: 'done' } });
    expect(remediation.asked).toEqual([posting.asks]);
    expect(remediation.refusals).toEqual([]);
  });

  it.each(postings)('POST $path $body is refused to a lower role, and the audit says so', async (posting) => {
    const remediation = createFakeRemediation();
    await using control = await listen(remediation);
    const role = below[posting.least];

    const { status, body } = await ask(`${control.url}${posting.path}`, {
      method: 'POST',
      headers: bearer(`${role}-secret`),
      body: textOf(posting.body),
    });

    expect({ status, body }).toEqual({ status: 403, body: expect.stringContaining(`role ${posting.least}`) });
    expect(remediation.asked).toEqual([]);
    expect(remediation.refusals).toEqual([
      expect.objectContaining({ actor: role, status: 403, request: expect.stringMatching(/^POST \/api/) }),
    ]);
  });

  it.each(postings)(
    'POST $path $body is refused without a token, with a wrong one, and with a password',
    async (posting) => {
      const remediation = createFakeRemediation();
      await using control = await listen(remediation);
      const wrong = [{}, bearer('wrong-canary'), { authorization: `Basic ${btoa('x:admin-secret')}` }];

      for (const headers of wrong)
        expect(
          await ask(`${control.url}${posting.path}`, { method: 'POST', headers, body: textOf(posting.body) }),
        ).toMatchObject({ status: 401 });

      expect(remediation.asked).toEqual([]);
      expect(remediation.refusals).toHaveLength(3);
      expect(JSON.stringify(remediation.refusals)).not.toMatch(/canary|secret"/);
      expect(remediation.refusals[0]).toMatchObject({ actor: 'somebody at 127.0.0.1', status: 401 });
    },
  );

  it('are for reading only without tokens, and not for others than this machine', async () => {
    const remediation = createFakeRemediation();
    await using control = await listen(remediation, { tokens: [] });

    expect(await ask(`${control.url}/api/v1/runs`)).toMatchObject({ status: 200 });
    expect(await ask(`${control.url}/api/v1/pause`, { method: 'POST' })).toMatchObject({ status: 403 });
    expect(await ask(`${control.url}/api/v1/runs`, { headers: { host: 'evil.example' } })).toMatchObject({
      status: 403,
    });
    expect(remediation.asked).toEqual([]);
    expect(remediation.refusals.map(({ status }) => status)).toEqual([403, 403]);
  });

  it.each([
    [`${run}/approve`, '{}', 'planHash'],
    [`${run}/approve`, '{"planHash":"0123"}', 'hash of the plan'],
    [`${run}/approve`, `{"planHash":"${fakeHash}","force":true}`, 'force'],
    [`${run}/approve`, `{"planHash":"${fakeHash}","as":"mallory"}`, 'the token says who you are'],
    [`${run}/approve`, 'planHash=1', 'not JSON'],
    ['/api/v1/runs', '{"pipeline":"index","target":"orders"}', 'pipeline'],
    ['/api/v1/pause', '{"abort":"yes"}', 'abort'],
    ['/api/v1/pause', `{"reason":"${'x'.repeat(1_001)}"}`, 'reason'],
  ])('answer 400 to %s with %s, ask nothing, and note it', async (path, body, says) => {
    const remediation = createFakeRemediation();
    await using control = await listen(remediation);

    const answer = await ask(`${control.url}${path}`, {
      method: 'POST',
      headers: bearer('admin-secret'),
      body,
    });

    expect(answer).toMatchObject({ status: 400, body: expect.stringContaining(says) });
    expect(remediation.asked).toEqual([]);
    expect(remediation.refusals).toMatchObject([{ actor: 'admin', status: 400 }]);
  });

  it('note a short reason only, whatever the client sent', async () => {
    const remediation = createFakeRemediation();
    await using control = await listen(remediation);

    await ask(`${control.url}${run}/approve`, {
      method: 'POST',
      headers: bearer('admin-secret'),
      body: JSON.stringify({ ['x'.repeat(10_000)]: 1 }),
    });

    expect(remediation.refusals[0]?.reason.length).toBeLessThanOrEqual(500);
  });

  it('pause for a reason that no store could keep', async () => {
    const remediation = createFakeRemediation();
    await using control = await listen(remediation);

    const answer = await ask(`${control.url}/api/v1/pause`, {
      method: 'POST',
      headers: bearer('admin-secret'),
      body: JSON.stringify({ reason: 'sa\0le' }),
    });

    expect(answer.status).toBe(200);
    expect(remediation.asked).toEqual([['pause', 'admin', 'sale', false]]);
  });

  it('take no body above 16 KiB', async () => {
    const remediation = createFakeRemediation();
    await using control = await listen(remediation);

    const body = JSON.stringify({ reason: 'x'.repeat(20_000) });
    const options = { method: 'POST', headers: bearer('admin-secret'), body };

    expect(await ask(`${control.url}/api/v1/pause`, options)).toMatchObject({ status: 413 });
    expect(remediation.asked).toEqual([]);
  });

  it.each([
    ['not_found', 404],
    ['conflict', 409],
    ['refused', 409],
    ['unavailable', 503],
  ] as const)('answer what remediation calls %s with %i', async (code, status) => {
    const remediation = createFakeRemediation({ answer: { ok: false, code, text: 'why' } });
    await using control = await listen(remediation);

    const answer = await ask(`${control.url}${run}/approve`, {
      method: 'POST',
      headers: bearer('approver-secret'),
      body: JSON.stringify(decision),
    });

    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({ ok: false, code, text: 'why' });
    // Remediation wrote that down itself.
    expect(remediation.refusals).toEqual([]);
  });

  it('answer 503 when the store throws, and tell the caller nothing of its insides', async () => {
    const failing = () => Promise.reject(new Error('SQLITE_FULL at /secret/path'));
    await using control = await listen(createFakeRemediation({ approve: failing }));

    const answer = await ask(`${control.url}${run}/approve`, {
      method: 'POST',
      headers: bearer('approver-secret'),
      body: JSON.stringify(decision),
    });

    expect(answer.status).toBe(503);
    expect(answer.body).toContain('nothing was decided');
    expect(answer.body).not.toContain('secret');
  });

  it('answer 503 with the reason when remediation did not start', async () => {
    const content = { remediation: () => ({ unavailable: 'the journal cannot be opened' }) };
    await using control = await listenForControl({ tokens, content });

    expect(await ask(`${control.url}/api/v1/runs`, { headers: bearer('viewer-secret') })).toMatchObject({
      status: 503,
      body: 'the journal cannot be opened\n',
    });
    expect(await ask(`${control.url}/api/v1/runs`)).toMatchObject({ status: 401 });
  });

  it('list and show runs to viewers', async () => {
    const remediation = createFakeRemediation();
    await using control = await listen(remediation);
    const headers = bearer('viewer-secret');

    const list = await ask(`${control.url}/api/v1/runs?state=waiting&state=approved&target=orders&limit=5`, {
      headers,
    });
    const shown = await ask(`${control.url}${run}`, { headers });

    expect(JSON.parse(list.body)).toMatchObject({ runs: [{ id: fakeRunId, planHash: fakeHash }] });
    expect(remediation.filters).toEqual([{ target: 'orders', states: ['waiting', 'approved'], limit: 5 }]);
    expect(JSON.parse(shown.body)).toMatchObject({ run: { id: fakeRunId }, plan: { hash: fakeHash } });
    for (const path of ['/api/v1/runs/r-ffffffffffff', '/api/v1/runs/..%2f', '/api/v1/runs/'])
      expect(await ask(`${control.url}${path}`, { headers })).toMatchObject({ status: 404 });
    for (const query of ['?state=done', '?limit=0', '?traget=orders'])
      expect(await ask(`${control.url}/api/v1/runs${query}`, { headers })).toMatchObject({ status: 400 });
  });

  it('say which method is meant', async () => {
    await using control = await listen(createFakeRemediation());

    expect(await ask(`${control.url}/api/v1/runs`, { method: 'PUT' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, POST' },
    });
    expect(await ask(`${control.url}/api/v1/pause`)).toMatchObject({
      status: 405,
      headers: { allow: 'POST' },
    });
  });

  it('show status and audit', async () => {
    const asked: number[][] = [];
    const audit = async (from: number, limit: number) => {
      asked.push([from, limit]);
      return [];
    };
    await using control = await listen(createFakeRemediation({ audit }));
    const headers = bearer('viewer-secret');

    const status = await ask(`${control.url}/api/v1/remediation`, { headers });
    const verified = await ask(`${control.url}/api/v1/audit/verify`, { headers });

    expect(JSON.parse(status.body)).toMatchObject({ disabled: [], auditHead: { sequence: 0 } });
    expect(JSON.parse(verified.body)).toMatchObject({ lines: 0 });
    expect(await ask(`${control.url}/api/v1/audit?from=3&limit=2`, { headers })).toMatchObject({
      status: 200,
      body: '{"entries":[]}\n',
    });
    expect(await ask(`${control.url}/api/v1/audit?from=-1`, { headers })).toMatchObject({ status: 400 });
    expect(asked).toEqual([[3, 2]]);
  });

  it('show a run as a page that escapes what stands in names', async () => {
    const report = fakeReport({ run: fakeRun({ subject: '<script>"x"', reason: 'it waits' }) });
    await using control = await listen(createFakeRemediation({ reports: [report] }));

    const { status, headers, body } = await ask(`${control.url}/runs/${fakeRunId}`, {
      headers: bearer('viewer-secret'),
    });

    expect({ status, type: headers['content-type'] }).toEqual({
      status: 200,
      type: 'text/html; charset=utf-8',
    });
    expect(body).not.toContain('<script>');
    expect(body).toContain('&lt;script&gt;');
    expect(body).toContain('DROP INDEX CONCURRENTLY');
  });

  it('note no more refusals in a minute than an audit can bear, and count the rest', async () => {
    const remediation = createFakeRemediation();
    await using control = await listen(remediation);
    const refused = () =>
      ask(`${control.url}/api/v1/pause`, { method: 'POST', headers: bearer('viewer-secret') });

    for (let i = 0; i < mostRefusalsNoted + 5; i += 1) await refused();
    expect(remediation.refusals).toHaveLength(mostRefusalsNoted);

    await control.clock.advance(60_000);
    await refused();
    expect(remediation.refusals).toHaveLength(mostRefusalsNoted + 1);
    expect(remediation.refusals.at(-1)).toMatchObject({ omitted: 5 });
  });

  it('refuse although the refusal cannot be written down', async () => {
    const noteRefusal = () => Promise.reject(new Error('disk full'));
    await using control = await listen({ ...createFakeRemediation(), noteRefusal });

    expect(
      await ask(`${control.url}/api/v1/pause`, { method: 'POST', headers: bearer('viewer-secret') }),
    ).toMatchObject({ status: 403 });
    expect(control.log.events.map(({ message }) => message)).toContain('refusal not written to the audit');
  });
});
