import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CollectError } from '../../src/sdk.ts';
import { findFreePort } from '../../tests/support/net/free-port.ts';
import { startTcpProxy, type TcpProxy } from '../../tests/support/net/tcp-proxy.ts';
import { openCollector, valueOf } from '../../tests/support/postgres/collect.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { runCommand, runOrThrow } from '../../tests/support/run-command.ts';
import type { PostgresGroup } from './groups.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const canary = 'c4n@ry/%:?#secret';
const fast: readonly PostgresGroup[] = ['availability', 'activity', 'transactions', 'replication', 'slots'];

const hasOpenssl = await runCommand('openssl', ['version']).then(
  ({ code }) => code === 0,
  () => false,
);

let server: PostgresServer;
let proxy: TcpProxy;
let closedPort: number;

const url = (password = canary, database = 'postgres', port = proxy.port): string =>
  `postgresql://reeve:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;

/** Everything an error may show of itself when it is logged. */
function textOf(error: unknown): string {
  const own = error instanceof Error ? [error.message, error.stack ?? '', textOf(error.cause)] : [];
  return [...own, JSON.stringify(error)].join('\n');
}

async function failure(work: Promise<unknown>): Promise<CollectError> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof CollectError)) throw new Error(`expected a CollectError, got ${String(thrown)}`);
  return thrown;
}

const warnings: Error[] = [];
const keepWarning = (warning: Error): void => void warnings.push(warning);

beforeAll(async () => {
  process.on('warning', keepWarning);
  server = await startPostgres({ major: 17, password: 'super' });
  await server.query(`CREATE ROLE reeve LOGIN PASSWORD '${canary}' IN ROLE pg_monitor`);
  await server.query('CREATE TABLE locked (id int); CREATE EXTENSION pg_stat_statements');
  proxy = await startTcpProxy({ targetPort: server.port });
  closedPort = await findFreePort();
});

afterAll(async () => {
  process.off('warning', keepWarning);
  await proxy?.close();
  await server?.[Symbol.asyncDispose]();
});

/** What every engine does when it is hung, refused or reset stands in tests/contract; here is what PostgreSQL's own words become. */
describe('a target that cannot be reached', () => {
  it.each([
    [
      'a port where nothing listens',
      () => url(canary, 'postgres', closedPort),
      'unreachable',
      /nothing listens there/,
    ],
    ['a wrong password', () => url('wr0ng-c4n@ry'), 'denied', /check user and password/],
    [
      'no password',
      () => `postgresql://reeve@127.0.0.1:${proxy.port}/postgres`,
      'denied',
      /the server asks for a password and the URL has none/,
    ],
    ['an unknown database', () => url(canary, 'nowhere'), 'denied', /check the database/],
    ['a server without TLS', () => `${url()}?sslmode=require`, 'unsupported', /turn on ssl/],
  ] as const)('says what to do about %s, without the secret', async (_, target, code, message) => {
    await using collector = openCollector(target());

    const error = await failure(collector.open());

    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(textOf(error)).not.toContain('c4n');
    expect(textOf(error)).not.toContain(encodeURIComponent('c4n@ry'));
  });

  it.each([
    ['HTTP', '', 'HTTP/1.1 400 Bad Request\r\n\r\n', ''],
    ['SSH', 'SSH-2.0-OpenSSH_9.9\r\n', '', ''],
    ['HTTP without TLS', '', 'HTTP/1.1 400 Bad Request\r\n\r\n', '?sslmode=disable'],
  ])('says that what listens does not speak PostgreSQL: %s', async (_, greeting, answer, parameters) => {
    const other = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(greeting);
      socket.on('data', () => socket.end(answer));
    });
    const port = await findFreePort();
    other.listen(port, '127.0.0.1');
    await once(other, 'listening');
    await using collector = openCollector(`${url(canary, 'postgres', port)}${parameters}`);

    const error = await failure(collector.open());
    other.close();

    expect(error).toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/what listens there .*PostgreSQL/),
    });
  });

  it('says that the database may not be connected to', async () => {
    await server.query('CREATE DATABASE closed');
    await server.query('REVOKE CONNECT ON DATABASE closed FROM PUBLIC');
    await using collector = openCollector(url(canary, 'closed'));

    const error = await failure(collector.open());

    expect(error).toMatchObject({
      code: 'denied',
      message: expect.stringContaining('GRANT CONNECT ON DATABASE <database>'),
    });
    await server.query('DROP DATABASE closed');
  });

  it('says that there are too many connections', async () => {
    await server.query('ALTER ROLE reeve CONNECTION LIMIT 0');
    await using collector = openCollector(url());

    const error = await failure(collector.open());
    await server.query('ALTER ROLE reeve CONNECTION LIMIT -1');

    expect(error).toMatchObject({ code: 'unreachable', message: expect.stringContaining('raise the limit') });
  });
});

async function untilNoAgentIsConnected(): Promise<void> {
  await vi.waitFor(async () => {
    const left = await server.query(
      "SELECT FROM pg_stat_activity WHERE application_name LIKE 'reeve/%' AND backend_type = 'client backend'",
    );
    expect(left).toEqual([]);
  });
}

describe('a connection that breaks', () => {
  it('costs at most the poll in which its backend is killed', async () => {
    await using collector = openCollector(url());
    await collector.poll(fast);
    await server.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'reeve/%'",
    );
    // The signal is answered at once, the backend ends a little later.
    await untilNoAgentIsConnected();

    const first = await collector.poll(fast).catch((thrown: unknown) => thrown);
    const second = await collector.poll(fast);

    // The driver may have heard of it before the poll; then nothing is lost.
    if (!Array.isArray(first)) expect(first).toMatchObject({ code: 'unreachable' });
    expect(second.map(({ state }) => state)).toEqual(fast.map(() => 'ok'));
  });

  it('is given up at the deadline when the link hangs, and closing does not hang either', async () => {
    const collector = openCollector(url());
    await collector.poll(fast);
    await proxy.set({ kind: 'hang' });

    const error = await failure(collector.poll(fast, Date.now(), 200));
    await collector.close();
    await proxy.set({ kind: 'pass' });

    expect(error.code).toBe('timeout');
  });

  it('never ends the process, whenever a login or a poll is given up', async () => {
    for (let afterMs = 0; afterMs < 30; afterMs += 1) {
      await using collector = openCollector(url());
      await collector.poll(fast, Date.now(), afterMs).catch(() => undefined);
    }

    await untilNoAgentIsConnected();
  });

  it('costs at most one poll when the server restarts', async () => {
    await using collector = openCollector(url());
    const [before] = await collector.poll(['availability']);
    await server.restart({ mode: 'immediate' });

    await collector.poll(['availability']).catch(() => undefined);
    const [after] = await collector.poll(['availability']);

    const start = 'reeve_postgres_start_timestamp_seconds';
    expect(after && valueOf(after, start)).toBeGreaterThan((before && valueOf(before, start)) ?? 0);
    expect(after && valueOf(after, 'reeve_postgres_uptime_seconds')).toBeLessThan(10);
  });
});

describe('a table locked in ACCESS EXCLUSIVE, with an ALTER waiting behind', () => {
  it('keeps no group from being fresh', async () => {
    await using collector = openCollector(url());
    await collector.poll(fast);
    const holder = await server.connect();
    const waiter = await server.connect();
    await holder.query('BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE');
    const altering = waiter.query('ALTER TABLE locked ADD COLUMN more int');
    const groups = [...fast, 'archiving', 'wal', 'wraparound', 'io', 'vacuum', 'settings'] as const;

    const readings = await vi.waitFor(async () => {
      const seen = await collector.poll(groups);
      expect(valueOf(seen[1] ?? fail(), 'reeve_postgres_blocked_sessions')).toBe(1);
      return seen;
    });
    await holder.query('ROLLBACK');
    await altering;
    await Promise.all([holder.end(), waiter.end()]);

    const activity = readings[1] ?? fail();
    expect(readings.map(({ state }) => state)).toEqual(groups.map(() => 'ok'));
    expect(valueOf(activity, 'reeve_postgres_lock_wait_seconds')).toBeGreaterThan(0);
    expect(valueOf(activity, 'reeve_postgres_connections', 'idle in transaction')).toBe(1);
    expect(activity.details['sessions']?.[0]).toMatchObject({ blockedBy: [expect.any(String)] });
    expect(JSON.stringify(activity.details)).not.toContain('ALTER TABLE');
  });
});

describe('a connection over', () => {
  it('a Unix socket', async () => {
    const socket = `postgresql://reeve@/postgres?host=${encodeURIComponent(server.socketDirectory)}&port=${server.port}`;
    await using collector = openCollector(socket);

    expect((await collector.open()).address).toBeUndefined();
  });

  it.skipIf(!hasOpenssl)(
    'TLS, by default where the server offers it, verified where it is asked for',
    async () => {
      await serveTls(server);
      const root = encodeURIComponent(join(server.dataDirectory, 'server.crt'));
      const sees = async (target: string): Promise<unknown> => {
        await using collector = openCollector(target);
        await collector.open();
        const sql = `SELECT bool_and(ssl) AS ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'reeve/%'`;
        return (await server.query(sql))[0]?.['ssl'];
      };

      expect(await sees(url())).toBe(true);
      expect(await sees(`${url()}?sslmode=disable`)).toBe(false);
      expect(await sees(`${url()}?sslmode=verify-full&sslrootcert=${root}`)).toBe(true);
      const error = await failure(sees(`${url()}?sslmode=verify-full`));
      expect(error).toMatchObject({ code: 'denied', message: expect.stringContaining('not trusted') });
    },
  );
});

describe('the driver', () => {
  it('warns about nothing, and nothing it deprecates is used', () => {
    expect(warnings).toEqual([]);
  });
});

/** A certificate of its own making for 127.0.0.1. */
async function serveTls(target: PostgresServer): Promise<void> {
  const at = (name: string): string => join(target.dataDirectory, name);
  const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', at('server.key'), '-out', at('server.crt')];
  await runOrThrow('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    ...name,
    ...files,
  ]);
  const { uid, gid } = await stat(target.dataDirectory);
  await runOrThrow('chown', [`${uid}:${gid}`, at('server.key'), at('server.crt')]);
  await runOrThrow('chmod', ['600', at('server.key')]);
  await target.restart({ settings: { ssl: 'on' } });
}

function fail(): never {
  throw new Error('no reading');
}
