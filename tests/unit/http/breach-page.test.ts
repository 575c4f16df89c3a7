import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Judgement, ObjectiveEvent } from '../../../src/core/judgement.ts';
import { breachPage } from '../../../src/http/breach-page.ts';
import type { SubjectQuery } from '../../../src/http/breach-query.ts';
import type { Reply } from '../../../src/http/listener.ts';
import {
  breachedJudgement,
  breachOf,
  createFakeApi,
  type FakeApiContent,
} from '../../support/fake-control-api.ts';
import { createFakeRemediation, fakeReport, fakeRun } from '../../support/fake-remediation.ts';

const now = Date.UTC(2026, 0, 1, 3);
const breached = breachedJudgement(now);
const exact = { target: 'orders', objective: 'index_hit_ratio', subject: 'app' } as const;

async function show(
  content: FakeApiContent,
  query: SubjectQuery = exact,
): Promise<Reply & { readonly text: string }> {
  const reply = await breachPage(createFakeApi(content), query, now);
  return { ...reply, text: String(reply.body) };
}

/** What a person reads: without tags, blanks joined. */
function readable(text: string): string {
  return text
    .replace(/<style>.*<\/style>/s, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

const unknown: Judgement = {
  ...breached,
  objective: 'replication_lag_seconds',
  subject: 'standby1',
  state: 'unknown',
  reason: 'collection_failed',
  detail: 'permission denied: GRANT pg_monitor TO "agent"',
  value: undefined,
  basis: undefined,
  bound: { max: 1 },
  breach: undefined,
};

describe('the page of a breach', () => {
  it('says what is breached, by how much, since when, and what to do', async () => {
    const advise = () => ({
      command: 'reeve collect --target orders',
      runbookUrl: 'runbooks/ReeveIndexHitRatioLow',
    });
    const { status, text } = await show({ objectives: [breached], advise });

    expect(status).toBe(200);
    const words = readable(text);
    expect(words).toContain('index_hit_ratio of orders, app: BREACHED');
    expect(words).toContain('BREACHED (page) since 2026-01-01 01:00:00 UTC , 2h ago');
    expect(words).toContain('93.14 % from 51234 observations');
    expect(words).toContain('at least 95 %');
    expect(words).toContain('Worst value 91 %');
    expect(words).toContain('1 % of 30 days is allowed; 50 % left');
    expect(words).toContain('Pipeline: query optimisation');
    expect(text).toContain('<pre>reeve collect --target orders</pre>');
    expect(text).toContain('<a href="runbooks/ReeveIndexHitRatioLow">');
  });

  it('says why a value is not known, and what mends it', async () => {
    const words = readable((await show({ objectives: [unknown] }, { target: 'orders' })).text);

    expect(words).toContain('replication_lag_seconds of orders, standby1: unknown');
    expect(words).toContain(
      'not known: reading it failed, or the latest reading is too old (permission denied',
    );
    expect(words).toContain('at most 1 s');
  });

  it('says that a breach stays open while its value is not known', async () => {
    const held: Judgement = { ...breached, value: undefined, basis: undefined, reason: 'unreachable' };

    expect(readable((await show({ objectives: [held] })).text)).toContain(
      'not known: the target cannot be reached; the breach stays open meanwhile',
    );
  });

  it('shows a value that nobody gave a bound for, a band, and a violation that is no breach yet', async () => {
    const unbounded: Judgement = {
      ...breached,
      state: 'unknown',
      reason: 'no_bound',
      bound: {},
      breach: undefined,
    };
    const band: Judgement = { ...breached, bound: { min: 0.7, max: 0.85 }, pendingMs: 90_000, state: 'met' };

    const first = readable((await show({ objectives: [unbounded] })).text);
    const second = readable((await show({ objectives: [band] })).text);

    expect(first).toContain('93.14 % from 51234 observations, not known: nobody gave a bound');
    expect(first).toContain('Bound none was given');
    expect(second).toContain('at least 70 %, at most 85 %');
    expect(second).toContain('Violated for 1m30s so far, not yet a breach');
    expect(second).not.toContain('Next step');
  });

  it('lists what was: breaches and events', async () => {
    const closed = {
      ...breachOf(now),
      closedAt: now - 3_600_000,
      closeReason: 'recovered',
      durationMs: 3_600_000,
      holders: [],
    } as const;
    const event: ObjectiveEvent = {
      ...exact,
      kind: 'opened',
      at: now - 7_200_000,
      engine: 'postgres',
      state: 'breached',
      reason: undefined,
      value: 0.93,
      breach: breachOf(now),
      text: 'index hit ratio of app is 93 %',
    };

    const words = readable(
      (await show({ recordedBreaches: [breachOf(now), closed], recordedEvents: [event] })).text,
    );

    expect(words).toContain('open, for 2h');
    expect(words).toContain('recovered after 1h');
    expect(words).toContain('2026-01-01 01:00:00 UTC opened index hit ratio of app is 93 %');
    expect(words).toContain('Reeve does not judge this now');
  });

  it('says with 404 that nothing is known of what was asked for', async () => {
    expect(await show({ objectives: [breached] }, { ...exact, target: 'gone' })).toMatchObject({
      status: 404,
    });
  });

  it('shows only what is breached when nothing is asked for, pages first', async () => {
    const ticket: Judgement = {
      ...breached,
      target: 'billing',
      since: now - 9_000_000,
      breach: { ...breachOf(now), target: 'billing', severity: 'ticket' },
    };
    const words = readable((await show({ objectives: [ticket, unknown, breached] }, {})).text);

    expect(words).not.toContain('standby1');
    expect(words.indexOf('of orders, app: BREACHED')).toBeLessThan(
      words.indexOf('of billing, app: BREACHED'),
    );
    expect(words.indexOf('of orders, app: BREACHED')).toBeGreaterThan(0);
  });

  it('says that nothing is breached without calling the unknown fine', async () => {
    const met: Judgement = { ...breached, state: 'met', breach: undefined };

    const words = readable((await show({ objectives: [met, met, unknown] }, {})).text);

    expect(words).toContain('Nothing is breached: of 3 judged, 2 are met and 1 are unknown.');
  });

  it('names those that are too many to show, and counts the rest', async () => {
    const many = Array.from({ length: 100 }, (_, index) => ({ ...breached, subject: `db${index}` }));

    const { text } = await show({ objectives: many }, { target: 'orders' });

    expect(readable(text)).toContain('And 80 more');
    expect(text).toContain(
      '<a href="breaches?target=orders&amp;objective=index_hit_ratio&amp;subject=db25">',
    );
    expect(readable(text)).toContain('30 are not shown');
  });

  it('lets no text of a server become markup, and runs and loads nothing', async () => {
    const evil = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>&";
    const judgement: Judgement = {
      ...breached,
      target: evil,
      subject: evil,
      detail: evil,
      reason: 'unreachable',
    };
    const advise = () => ({ command: evil, runbookUrl: 'javascript:alert(3)' });

    const { text, headers } = await show(
      { objectives: [judgement], advise, recordedBreaches: [{ ...breachOf(now), subject: evil }] },
      { target: evil, subject: evil },
    );

    expect(text).not.toMatch(/<(script|img)/);
    expect(text).not.toContain('href="javascript:');
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
    const style = /<style>(.*)<\/style>/s.exec(text)?.[1] ?? '';
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    });
  });

  it('links what remediation did about its breaches, and nothing else', async () => {
    const mine = fakeReport({ run: fakeRun({ state: 'soaking', reason: 'it is watched' }) });
    const other = fakeReport({
      run: fakeRun({ id: 'r-ffffffffffff', trigger: { kind: 'person', key: 'person:1', text: 'Ada' } }),
    });
    const remediation = createFakeRemediation({ reports: [mine, other] });

    const { text } = await show({ recordedBreaches: [breachOf(now)], remediation: () => remediation });

    expect(text).toContain('<a href="runs/r-0123456789ab">r-0123456789ab</a>');
    expect(readable(text)).toContain('soaking for 2h55m');
    expect(text).not.toContain('r-ffffffffffff');
  });

  it('shows the breach although its runs cannot be read', async () => {
    const remediation = createFakeRemediation({ runs: () => Promise.reject(new Error('store gone')) });

    const { status, text } = await show({
      objectives: [breached],
      recordedBreaches: [breachOf(now)],
      remediation: () => remediation,
    });

    expect(status).toBe(200);
    expect(text).toContain('They cannot be read now');
  });
});
