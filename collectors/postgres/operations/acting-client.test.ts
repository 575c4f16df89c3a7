import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Secret } from '../../../src/sdk.ts';
import { findFreePort } from '../../../tests/support/net/free-port.ts';
import { operationsInput } from '../../../tests/support/postgres/operations-input.ts';
import { type PostgresServer, startPostgres } from '../../../tests/support/postgres/server.ts';
import { startStandby } from '../../../tests/support/postgres/standby.ts';
import { waitUntil } from '../../../tests/support/wait-until.ts';
import { ActRefused } from './act-refused.ts';
import { type ActingRequest, type ActingSession, identifyLogin, withActingSession } from './acting-client.ts';
import { assertIdentity, targetIdentity } from './identity.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ major: 18 });
  await server.query('CREATE ROLE dba LOGIN; CREATE TABLE t (a int); ALTER TABLE t OWNER TO dba');
});
afterAll(() => server[Symbol.asyncDispose]());

const name = 'reeve/test run=r-1';

function request(overrides: Partial<ActingRequest> = {}): ActingRequest {
  return {
    url: new Secret(server.url('postgres', 'dba')),
    sessionName: name,
    lockTimeoutMs: 500,
    waitForLockMs: 0,
    clock: operationsInput({ url: server.superuserUrl }).clock,
    signal: AbortSignal.timeout(30_000),
    ...overrides,
  };
}

/** Id of the refusal that a session ends with; empty when it opens. */
async function refusalOf(asked: ActingRequest): Promise<string> {
  try {
    await withActingSession(asked, () => Promise.resolve());
    return '';
  } catch (thrown) {
    if (thrown instanceof ActRefused) return thrown.refusal.id;
    throw thrown;
  }
}

const settingsRow = z.object({ name: z.string(), value: z.string() });

async function settingsOf(session: ActingSession): Promise<Readonly<Record<string, string>>> {
  const sql = `SELECT name, setting AS value FROM pg_settings
     WHERE name IN ('application_name', 'lock_timeout', 'statement_timeout', 'default_transaction_read_only')`;
  const rows = await session.query(sql, settingsRow, AbortSignal.timeout(5_000));
  return Object.fromEntries(rows.map((row) => [row.name, row.value]));
}

describe('withActingSession', () => {
  it('is recognisable, bounded, may write, and knows where it is, as a plain role', async () => {
    const { settings, identity } = await withActingSession(request(), async (session) => ({
      settings: await settingsOf(session),
      identity: session.identity,
    }));

    expect(settings).toEqual({
      application_name: name,
      lock_timeout: '500',
      statement_timeout: '10000',
      default_transaction_read_only: 'off',
    });
    const [control] = await server.query('SELECT system_identifier::text AS id FROM pg_control_system()');
    expect(identity).toMatchObject({
      database: 'postgres',
      role: 'dba',
      timeline: '1',
      system_identifier: control?.['id'],
    });
    expect(await identifyLogin(request())).toEqual(targetIdentity(identity));
  });

  it('lets one session of Reeve act in a database at a time, and waits for it if asked to', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = withActingSession(request(), () => promise);
    await waitUntil(
      'the lock to be held',
      async () =>
        (await server.query(`SELECT 1 AS one FROM pg_locks WHERE locktype = 'advisory' AND granted`))
          .length === 1,
    );

    const second = await refusalOf(request());
    const third = refusalOf(request({ waitForLockMs: 10_000 }));
    resolve();
    await first;

    expect(second).toBe('locked_by_reeve');
    expect(await third).toBe('');
  });

  it('refuses a standby', async () => {
    await using standby = await startStandby(server);

    expect(await refusalOf(request({ url: new Secret(standby.url('postgres', 'dba')) }))).toBe('not_primary');
  });

  it.each(['another process answers', 'another session answers'])(
    'refuses a pooler where %s',
    async (kind) => {
      await using pooler = await startPooler(server.port, kind === 'another session answers');
      const url = new Secret(`postgresql://dba@127.0.0.1:${pooler.port}/postgres`);

      expect(await refusalOf(request({ url }))).toBe('pooled_connection');
    },
  );

  it('ends a statement on the server when the watch says so, and says why', async () => {
    const seen: string[] = [];
    const outcome = await withActingSession(request(), (session) =>
      session.run('SELECT pg_sleep(60)', {
        signal: AbortSignal.timeout(30_000),
        watchEveryMs: 20,
        watch: () => {
          seen.push('asked');
          return Promise.resolve(seen.length > 2 ? 'the disk is nearly full' : undefined);
        },
      }),
    );

    expect(outcome).toEqual({ kind: 'stopped', reason: 'the disk is nearly full' });
    expect(
      await server.query(
        `SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND state = 'active' AND pid <> pg_backend_pid()`,
      ),
    ).toEqual([]);
  });

  it('runs longer than what is allowed to a read, and has the limit back afterwards', async () => {
    const after = await withActingSession(request(), async (session) => {
      const during = await session.run(`SELECT 1 / (current_setting('statement_timeout') = '0')::int`, {
        signal: AbortSignal.timeout(5_000),
      });
      return { during, settings: await settingsOf(session) };
    });

    expect(after.during).toEqual({ kind: 'done' });
    expect(after.settings['statement_timeout']).toBe('10000');
  });

  it('says when the connection was lost, and what the server refused', async () => {
    const outcomes = await withActingSession(request(), async (session) => {
      const signal = AbortSignal.timeout(20_000);
      const refused = await session.run('DROP INDEX CONCURRENTLY nothing', { signal });
      const lost = session.run('SELECT pg_sleep(61)', { signal });
      await waitUntil(
        'it to sleep',
        async () =>
          (
            await server.query(
              `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(61)'`,
            )
          ).length === 1,
      );
      return [refused, await lost];
    });

    expect(outcomes).toMatchObject([{ kind: 'failed', sqlState: '42704' }, { kind: 'lost' }]);
  });
});

describe('assertIdentity', () => {
  it('refuses another server, another database, and the same after a failover', async () => {
    const found = await withActingSession(request(), (session) => Promise.resolve(session.identity));
    const planned = {
      identity: targetIdentity(found),
      database: found.database,
      databaseOid: found.database_oid,
    };
    const refused = (change: Partial<typeof found>): boolean => {
      try {
        assertIdentity(planned, { ...found, ...change });
        return false;
      } catch {
        return true;
      }
    };

    expect(refused({})).toBe(false);
    expect(refused({ system_identifier: '7' })).toBe(true);
    expect(refused({ timeline: '2' })).toBe(true);
    expect(refused({ in_recovery: true })).toBe(true);
    expect(refused({ database: 'other' })).toBe(true);
    expect(refused({ database_oid: '1' })).toBe(true);
    expect(refused({ version: '190000' })).toBe(true);
    // A minor release is the same server.
    expect(refused({ version: `${found.version.slice(0, 2)}9999` })).toBe(false);
  });
});

interface Pooler extends AsyncDisposable {
  readonly port: number;
}

/**
 * What a transaction pooler does that matters here (a double): the process that login names is not the one that answers, or what was set
 * at login is not in force, because another session answers.
 */
async function startPooler(target: number, otherSession: boolean): Promise<Pooler> {
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port: target });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
    }
    client.on('data', (data: Buffer) => upstream.write(otherSession ? renamed(data) : data));
    upstream.on('data', (data: Buffer) => client.write(otherSession ? data : withOtherProcess(data)));
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
  });
  const port = await findFreePort();
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve));
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function renamed(data: Buffer): Buffer {
  return Buffer.from(data.toString('latin1').replace('run=r-1', 'run=r-2'), 'latin1');
}

/** BackendKeyData: `K`, the length, the process id, the key. */
function withOtherProcess(data: Buffer): Buffer {
  const copy = Buffer.from(data);
  for (let at = 0; at + 13 <= copy.length; at += 1) {
    const length = copy.readUInt32BE(at + 1);
    if (copy[at] !== 0x4b || length < 12 || length > 264) continue;
    copy.writeUInt32BE(1, at + 5);
    break;
  }
  return copy;
}
