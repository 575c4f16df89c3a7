import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Store } from '../../src/core/ports/store.ts';
import { checkAudit, emptyAudit } from '../../src/core/remediation/audit-chain.ts';
import { Secret } from '../../src/core/secret.ts';
import { createStoreClient } from '../../src/store/postgres/client.ts';
import { parseStoreUrl } from '../../src/store/postgres/connection-url.ts';
import { openPostgresStore } from '../../src/store/postgres/open-store.ts';
import { breach, event, newYear } from '../contract/objective-records.ts';
import { draft, run } from '../contract/remediation-records.ts';
import { count, reading } from '../contract/store.contract.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { startTcpProxy } from '../support/net/tcp-proxy.ts';
import { type PostgresServer, startPostgres } from '../support/postgres/server.ts';
import { createRecordingLog, type RecordingLog } from '../support/recording-log.ts';
import { waitUntil } from '../support/wait-until.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const password = 'p@ss/w:rd 1';

describe('a PostgreSQL store whose server fails', () => {
  let server: PostgresServer;
  let clock: FakeClock;
  let log: RecordingLog;
  let errors: unknown[];
  let store: Store;

  const open = (url = server.superuserUrl): Promise<Store> =>
    openPostgresStore({ url: new Secret(url), clock, log, onError: (error) => errors.push(error) });

  beforeEach(async () => {
    // Durable: a crash is one of the faults.
    server = await startPostgres({ major: 18, name: 'store-faults', password, durable: true });
    clock = new FakeClock(newYear);
    log = createRecordingLog();
    errors = [];
    store = await open();
  });

  afterEach(async () => {
    await store.close();
    await server[Symbol.asyncDispose]();
  });

  it('goes on collecting, refuses to remediate and says so, and writes all when it is back', async () => {
    await store.history.observeIndexes(reading({ at: 1_000, indexes: [count('1', 1)] }));
    await clock.advance(1_000);
    await waitUntil(
      'the first write',
      async () => (await server.query('SELECT 1 FROM reeve.index_use')).length === 1,
    );
    await server.stop();

    await store.history.observeIndexes(reading({ at: 2_000, indexes: [count('1', 4)] }));
    store.objectives.saveBreach(breach());
    for (const text of ['1', '2', '3']) store.objectives.addEvent(event({ text }));
    store.memory('orders').write('spend', '7');
    await clock.advance(1_000);
    await waitUntil('a failed write', () => errors.length > 0);

    expect(store.objectives.breaches({ open: true })).toHaveLength(1);
    expect((await store.history.indexUsage('postgres:1', 'shop'))[0]?.at).toBe(2_000);
    await expect(store.remediation.claim(run())).rejects.toMatchObject({
      code: 'unusable',
      message: expect.stringMatching(
        /^the store postgresql:\/\/127\.0\.0\.1:\d+\/postgres: .*nothing listens there/,
      ),
    });
    await expect(store.remediation.appendAudit(draft())).rejects.toMatchObject({ code: 'unusable' });
    await server.restart();
    for (let round = 0; round < 3; round += 1) await clock.advance(60_000);
    await waitUntil('what waited to be written', async () => {
      await clock.advance(60_000);
      return (await server.query('SELECT 1 FROM reeve.objective_event')).length === 3;
    });

    const texts = await server.query(
      `SELECT body::json ->> 'text' AS text FROM reeve.objective_event ORDER BY id`,
    );
    expect(texts.map(({ text }) => text)).toEqual(['1', '2', '3']);
    expect(await server.query('SELECT scans FROM reeve.index_use')).toEqual([{ scans: 4 }]);
    expect(await server.query('SELECT value FROM reeve.target_memory')).toEqual([{ value: '7' }]);
    expect(await store.remediation.claim(run())).toBe(true);
    const said = log.events.map(({ message }) => message);
    expect(said.filter((message) => message.startsWith('store write failed'))).toHaveLength(1);
    await waitUntil('the recovery to be said', () =>
      log.events.some(({ message }) => message === 'store writes again'),
    );
    expect(JSON.stringify(log.events)).not.toContain(password);
  });

  it('loses no line of the audit that it promised, when the server is killed in the middle', async () => {
    const lines = Array.from({ length: 200 }, () => store.remediation.appendAudit(draft()));
    const settled = Promise.allSettled(lines);
    await lines[20];
    await server.kill();
    const outcomes = await settled;
    const promised = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(promised.length).toBeLessThan(200);

    await server.restart();

    const all = await store.remediation.audit(1, 1_000);
    expect(checkAudit(emptyAudit, all, sha256)).toBeUndefined();
    expect(all.filter(({ hash }) => promised.some((line) => line.hash === hash))).toHaveLength(
      promised.length,
    );
    expect(await store.remediation.appendAudit(draft())).toMatchObject({ sequence: all.length + 1 });
  });

  it('survives an administrator who ends its sessions in the middle of transactions', async () => {
    const outcomes: PromiseSettledResult<unknown>[] = [];
    for (let round = 0; round < 20; round += 1) {
      const lines = Array.from({ length: 10 }, () => store.remediation.appendAudit(draft()));
      const settled = Promise.allSettled(lines);
      await server.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reeve store'`,
      );
      outcomes.push(...(await settled));
    }

    const all = await store.remediation.audit(1, 100_000);
    expect(checkAudit(emptyAudit, all, sha256)).toBeUndefined();
    expect(all.length).toBeGreaterThanOrEqual(outcomes.filter(({ status }) => status === 'fulfilled').length);
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
  });

  it('gives up a server that says nothing, and uses it again when it speaks', async () => {
    await using proxy = await startTcpProxy({ targetPort: server.port });
    const url = server.superuserUrl.replace(`:${server.port}/`, `:${proxy.port}/`);
    const client = createStoreClient(parseStoreUrl(url), 500);
    const one = z.object({ one: z.number() });
    await client.rows(one, 'SELECT 1 AS one');

    await proxy.set({ kind: 'hang' });
    const asked = [
      client.rows(one, 'SELECT 1 AS one'),
      client.transaction((session) => session.rows(one, 'SELECT 1 AS one')),
    ];
    const answers = await Promise.allSettled(asked);
    for (const answer of answers) expect(answer).toMatchObject({ reason: { code: 'unusable' } });
    await proxy.set({ kind: 'pass' });

    expect(await client.rows(one, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await client.close();
  });

  it('takes up its writes after a reset of every connection', async () => {
    await using proxy = await startTcpProxy({ targetPort: server.port });
    const other = await open(server.superuserUrl.replace(`:${server.port}/`, `:${proxy.port}/`));
    await other.remediation.claim(run());

    await proxy.set({ kind: 'reset' });
    await expect(other.remediation.claim(run({ id: 'r-2' }))).rejects.toMatchObject({ code: 'unusable' });
    await proxy.set({ kind: 'pass' });

    expect(await other.remediation.claim(run({ id: 'r-3' }))).toBe(true);
    await other.close();
  });

  it('refuses to remediate on a server that takes no writes', async () => {
    await server.query(`ALTER DATABASE postgres SET default_transaction_read_only = on`);
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reeve store'`,
    );

    await expect(
      waitUntil('a new connection', () =>
        store.remediation.claim(run()).catch((error: unknown) => isReadOnly(error) && error),
      ),
    ).resolves.toMatchObject({
      message: expect.stringMatching(
        /cannot execute INSERT in a read-only transaction.*give the primary as store\.url/,
      ),
    });
  });

  it.each([
    [
      'a wrong password',
      () => server.url('postgres', 'postgres', 'wrong-secret'),
      /check the password of "postgres"/,
    ],
    ['no such database', () => server.url('nowhere'), /CREATE DATABASE "nowhere"/],
    ['nobody there', () => 'postgresql://postgres:wrong-secret@127.0.0.1:1/x', /nothing listens there/],
    ['no encryption offered', () => `${server.superuserUrl}?sslmode=require`, /does the server offer it/],
  ])('says what to do about %s, without the password', async (_what, url, message) => {
    const error: unknown = await open(url()).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      name: 'StoreError',
      code: 'unusable',
      message: expect.stringMatching(message),
    });
    expect(String(error)).not.toMatch(/wrong-secret|p@ss|p%40ss/);
  });
});

function isReadOnly(error: unknown): boolean {
  return error instanceof Error && error.message.includes('read-only');
}
