import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/core/ports/store.ts';
import { checkAudit, emptyAudit } from '../../src/core/remediation/audit-chain.ts';
import { Secret } from '../../src/core/secret.ts';
import { openPostgresStore, openPostgresStoreToRead } from '../../src/store/postgres/open-store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type PostgresServer, startPostgres } from '../support/postgres/server.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { waitUntil } from '../support/wait-until.ts';
import { breach, closed, day, event, newYear } from './objective-records.ts';
import { approval, draft, evidence, intent, plan, run } from './remediation-records.ts';
import { count, reading } from './store.contract.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Two agents on one store, each with its own clock. */
describe('a PostgreSQL store', () => {
  let server: PostgresServer;
  let databases = 0;
  let database: string;
  let clocks: readonly [FakeClock, FakeClock];
  let ana: Store;
  let ben: Store;

  const open = (clock: FakeClock, user?: string): Promise<Store> =>
    openPostgresStore({
      url: new Secret(server.url(database, user)),
      clock,
      log: createRecordingLog(),
    });

  beforeAll(async () => {
    server = await startPostgres({ major: 18, name: 'shared-store' });
  });

  afterAll(() => server[Symbol.asyncDispose]());

  beforeEach(async () => {
    databases += 1;
    database = `shared_${databases}`;
    await server.query(`CREATE DATABASE ${database}`);
    clocks = [new FakeClock(newYear), new FakeClock(newYear)];
    // Together, on an empty database: one makes the tables, the other waits.
    [ana, ben] = await Promise.all([open(clocks[0]), open(clocks[1])]);
  });

  afterEach(async () => {
    await Promise.all([ana.close(), ben.close()]);
  });

  const query = (sql: string) => server.query(sql, database);

  /** Lets both write what waits, and take over what the other wrote. */
  async function exchange(): Promise<void> {
    for (const clock of clocks) await clock.advance(1_000);
    await waitUntil('both to have written', async () => {
      const rows = await query(
        'SELECT count(*)::int AS count FROM pg_stat_activity WHERE xact_start < now() AND datname = current_database()',
      );
      return Number(rows[0]?.['count']) === 0;
    });
    for (const clock of clocks) await clock.advance(30_000);
  }

  describe('when two agents act at the same time', () => {
    it('gives each of 100 triggers to one of them', async () => {
      const claims = Array.from({ length: 200 }, (_unused, index) => {
        const key = `schedule:${index % 100}`;
        const claimed = run({ id: `r-${index}`, trigger: { kind: 'schedule', key, text: '' } });
        return (index < 100 ? ana : ben).remediation.claim(claimed);
      });

      expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(100);
      expect(await ana.remediation.runs({})).toHaveLength(100);
    });

    it('lets one of 200 approvals count, with one line in the audit', async () => {
      await ana.remediation.claim(run({ state: 'waiting', planHash: plan().hash }));
      const decisions = Array.from({ length: 200 }, (_unused, index) =>
        (index % 2 === 0 ? ana : ben).remediation.decide(
          approval({ by: `person ${index}` }),
          { revision: 1, change: { state: 'approved', updatedAt: newYear + index } },
          draft({ event: 'approved', actor: `person ${index}` }),
        ),
      );

      const winners = (await Promise.all(decisions)).filter((winner) => winner !== undefined);

      expect(winners).toEqual([await ben.remediation.run(run().id)]);
      const [line, ...others] = await ana.remediation.audit(1, 10);
      expect(others).toEqual([]);
      expect(line?.actor).toBe((await ben.remediation.approval(plan().hash))?.by);
    });

    it('chains 200 lines of the audit without a gap', async () => {
      const lines = Array.from({ length: 200 }, (_unused, index) =>
        (index % 2 === 0 ? ana : ben).remediation.appendAudit(draft({ at: newYear + index })),
      );
      await Promise.all(lines);

      const all = await ben.remediation.audit(1, 1_000);

      expect(all).toHaveLength(200);
      expect(checkAudit(emptyAudit, all, sha256)).toBeUndefined();
      expect(await ana.remediation.auditHead()).toMatchObject({ sequence: 200, hash: all.at(-1)?.hash });
    });

    it('leases a target to one of 200, and refuses the act of who lost it', async () => {
      const asked = Array.from({ length: 200 }, (_unused, index) =>
        (index % 2 === 0 ? ana : ben).remediation.takeLease(
          'target:orders',
          `agent ${index}`,
          newYear,
          60_000,
        ),
      );
      const [lease, ...others] = (await Promise.all(asked)).filter((one) => one !== undefined);
      expect(others).toEqual([]);

      await ben.remediation.takeLease('target:orders', 'heir', newYear + 60_000, 60_000);

      await expect(
        ana.remediation.intend(intent({ fence: lease?.fence ?? 0 }), draft()),
      ).rejects.toMatchObject({
        name: 'FenceError',
      });
    });

    it('does not deadlock on what both enable, disable, pause and audit', async () => {
      const disabled = { target: 'orders', action: 'a', runId: 'r', at: newYear, reason: '' };
      const work = Array.from({ length: 60 }, async (_unused, index) => {
        const { remediation } = index % 2 === 0 ? ana : ben;
        await remediation.disableAction(disabled, draft());
        await remediation.setPaused({ by: 'ana', at: newYear, reason: '' }, draft());
        await remediation.enableAction('orders', 'a', draft());
      });

      await Promise.all(work);

      const all = await ben.remediation.audit(1, 1_000);
      expect(checkAudit(emptyAudit, all, sha256)).toBeUndefined();
    });
  });

  describe('between two agents', () => {
    it('shows each what the other reads of a cluster', async () => {
      await ana.history.observeIndexes(reading({ member: 'primary', indexes: [count('1', 1)] }));
      await ben.history.observeIndexes(reading({ member: 'standby', indexes: [count('1', 9)] }));
      await exchange();
      await ben.history.observeIndexes(reading({ member: 'standby', at: 40_000, indexes: [count('1', 10)] }));
      await exchange();

      const members = await waitUntil('the standby as ben read it last', async () => {
        const found = await ana.history.indexUsage('postgres:1', 'shop');
        return found.some(({ at }) => at === 40_000) && found;
      });

      expect(members.map(({ member, indexes }) => [member, indexes.get('1')?.scansSeen])).toEqual([
        ['primary', 0],
        ['standby', 1],
      ]);
    });

    it('continues the watch of a member that another agent takes over', async () => {
      await ana.history.observeIndexes(reading({ at: 1_000, indexes: [count('1', 1)] }));
      await exchange();
      await ben.history.observeIndexes(reading({ at: 2_000, indexes: [count('1', 3)] }));
      await exchange();
      await clocks[0].advance(900_000);
      await ana.history.observeIndexes(reading({ at: 3_000, indexes: [count('1', 3)] }));

      const [member] = await ana.history.indexUsage('postgres:1', 'shop');

      expect(member?.indexes.get('1')).toMatchObject({
        watchedSince: 1_000,
        scansSeen: 2,
        lastUsedAt: 2_000,
      });
    });

    it('shows breaches, events, states, days and deliveries of the other within half a minute', async () => {
      const state = { target: 'orders', objective: 'index_hit_ratio', subject: 'shop' } as const;
      const series = { target: 'orders', metric: 'reeve_storage_bytes', subject: 'shop' };
      ana.objectives.saveBreach(breach());
      ana.objectives.addEvent(event({ text: 'once' }));
      ana.objectives.saveState({ ...state, at: newYear, json: '{}' });
      ana.objectives.addDaily(series, newYear, 7);
      ana.objectives.isNewDelivery('a', newYear);
      ana.memory('orders').write('spend', '1');

      await exchange();
      await waitUntil('the breach', () => ben.objectives.breaches({ open: true }).length === 1);
      await waitUntil('the delivery', () => !ben.objectives.isNewDelivery('a', newYear));

      expect(ben.objectives.states('orders')).toEqual([{ ...state, at: newYear, json: '{}' }]);
      await waitUntil('the day', () => ben.objectives.daily(series, 0).length === 1);
      expect(ben.memory('orders').read('spend')).toBe('1');
      ana.objectives.saveBreach(closed());
      await exchange();
      await waitUntil('the end of the breach', () => ben.objectives.breaches({ open: true }).length === 0);
      expect(ben.objectives.events({}).map(({ text }) => text)).toEqual(['once']);
    });

    it('is told at once that a breach opened or closed, and how bad it is within a second', async () => {
      const worst = async () =>
        (await query(`SELECT body::json ->> 'worst' AS worst FROM reeve.breach`))[0]?.['worst'];
      ana.objectives.saveBreach(breach({ worst: 0.8 }));
      await waitUntil('the breach', async () => (await worst()) === '0.8');
      ana.objectives.saveBreach(breach({ worst: 0.7 }));
      ana.memory('orders').write('spend', '1', 'now');
      await waitUntil(
        'what was paid',
        async () => (await query('SELECT 1 FROM reeve.target_memory')).length === 1,
      );
      ana.objectives.saveBreach(closed({ worst: 0.6 }));

      await waitUntil('its end', async () => (await worst()) === '0.6');
    });

    it('lets a command read beside them, and makes nothing', async () => {
      await ana.remediation.claim(run());
      ana.objectives.saveBreach(breach());
      await exchange();
      const options = { clock: new FakeClock(), log: createRecordingLog() };
      await waitUntil(
        'the breach to be written',
        async () => (await query('SELECT 1 FROM reeve.breach')).length === 1,
      );

      const kept = await openPostgresStoreToRead({ ...options, url: new Secret(server.url(database)) });
      await using _closed = kept;

      expect(kept?.objectives.breaches({})).toEqual([breach()]);
      expect(await kept?.remediation.runs({})).toEqual([run()]);
      const empty = await openPostgresStoreToRead({ ...options, url: new Secret(server.url('template1')) });
      expect(empty).toBeUndefined();
    });
  });

  describe('what it keeps', () => {
    it('takes lines of the audit, and lets nobody change or delete one, not even its owner', async () => {
      await ana.remediation.appendAudit(draft());

      for (const sql of [
        `UPDATE reeve.audit_line SET body = '{}'`,
        'DELETE FROM reeve.audit_line',
        'TRUNCATE reeve.audit_line',
      ])
        await expect(query(sql)).rejects.toThrow('the audit takes new lines only');

      expect(await ben.remediation.audit(1, 10)).toHaveLength(1);
    });

    it('shows a line that somebody changed all the same', async () => {
      for (const actor of ['ana', 'ben', 'eve']) await ana.remediation.appendAudit(draft({ actor }));
      await query(
        `SET session_replication_role = replica; UPDATE reeve.audit_line SET body = replace(body, '"ben"', '"ana"') WHERE sequence = 2`,
      );

      const all = await ben.remediation.audit(1, 10);

      expect(checkAudit(emptyAudit, all, sha256)).toEqual({
        sequence: 2,
        text: 'line 2 was changed after it was written',
      });
    });

    it('forgets after 400 days what ended, with all that belongs to it, and nothing that is open', async () => {
      const { remediation } = ana;
      const old = { updatedAt: newYear - 401 * day, target: 'orders' };
      await remediation.claim(run({ id: 'r-old', state: 'kept', planHash: plan().hash, ...old }));
      await remediation.claim(run({ id: 'r-open', state: 'waiting', ...old }));
      await remediation.claim(run({ id: 'r-new', state: 'kept' }));
      await remediation.savePlan(plan({ runId: 'r-old' }));
      for (const runId of ['r-old', 'r-open']) await remediation.addEvidence(evidence({ id: runId, runId }));
      ana.objectives.addEvent(event({ at: newYear - 401 * day, text: 'old' }));
      ana.objectives.addEvent(event({ text: 'new' }));
      ana.objectives.saveBreach(breach({ fingerprint: 'open', openedAt: newYear - 500 * day }));
      await remediation.appendAudit(draft({ at: newYear - 401 * day }));
      await exchange();

      await clocks[0].advance(3_600_000);
      await waitUntil('the old run to be gone', async () => (await remediation.run('r-old')) === undefined);

      expect((await remediation.runs({})).map(({ id }) => id).toSorted()).toEqual(['r-new', 'r-open']);
      expect(await remediation.plan(plan().hash)).toBeUndefined();
      expect(await remediation.evidence('r-old')).toEqual([]);
      expect(await remediation.evidence('r-open')).toHaveLength(1);
      expect(await query("SELECT body::json ->> 'text' AS text FROM reeve.objective_event")).toEqual([
        { text: 'new' },
      ]);
      expect(await query('SELECT fingerprint FROM reeve.breach')).toEqual([{ fingerprint: 'open' }]);
      expect(await remediation.audit(1, 10)).toHaveLength(1);
    });

    it('is not opened when a newer version wrote it', async () => {
      await query(`INSERT INTO reeve.schema_migration (version, name) VALUES (99, 'of the future')`);

      await expect(open(new FakeClock())).rejects.toMatchObject({
        code: 'newer',
        message: expect.stringMatching(
          /newer version of Reeve \(schema 99, this version knows \d+\): run that version/,
        ),
      });
    });

    it('is not opened with an open breach that it did not write', async () => {
      ana.objectives.saveBreach(breach());
      await ana.close();
      await query(`UPDATE reeve.breach SET body = '{"fingerprint":1}'`);

      await expect(open(new FakeClock())).rejects.toMatchObject({ code: 'damaged' });
    });
  });

  describe('with a login of its own', () => {
    const login = 'CREATE ROLE keeper LOGIN';

    beforeAll(() => server.query(login));

    it('says what to create when it may create nothing', async () => {
      await query('DROP SCHEMA reeve CASCADE');

      await expect(open(new FakeClock(), 'keeper')).rejects.toThrow(
        `CREATE SCHEMA reeve AUTHORIZATION "keeper"`,
      );
      await query('CREATE SCHEMA reeve AUTHORIZATION keeper');
      const store = await open(new FakeClock(), 'keeper');

      await store.remediation.appendAudit(draft());
      await store.close();
    });

    it('needs no right to create once the tables are there, and none to change the audit', async () => {
      await query(`GRANT USAGE ON SCHEMA reeve TO keeper;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA reeve TO keeper;
        REVOKE UPDATE, DELETE ON reeve.audit_line FROM keeper;
        REVOKE INSERT, DELETE ON reeve.audit_head FROM keeper`);
      const store = await open(new FakeClock(newYear), 'keeper');

      await store.remediation.claim(run());
      await store.remediation.appendAudit(draft());
      store.objectives.saveBreach(breach());
      store.objectives.addEvent(event());
      await store.history.observeIndexes(reading({ indexes: [count('1', 1)] }));
      await store.history.firstSeen('s', ['a'], newYear);
      await store.close();

      expect(await query('SELECT 1 FROM reeve.breach')).toHaveLength(1);
      expect(await query('SELECT 1 FROM reeve.index_use')).toHaveLength(1);
    });
  });
});
