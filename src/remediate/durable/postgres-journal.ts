import { BackendPostgres } from 'openworkflow/postgres';
import postgres from 'postgres';
import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import { DurableError } from './durable-error.ts';
import type { Journal } from './journal.ts';

const schema = 'reeve_durable';
/** Of the advisory lock under which agents that start together bring the schema up to date, one after the other. */
const migrationLock = 'reeve_durable migration';
const connections = 4;

const unfinishedRows = z.array(
  z.object({
    runId: z.string(),
    id: z.string(),
    name: z.string(),
    status: z.string(),
    isHeld: z.boolean(),
    createdAt: z.date().transform((date) => date.getTime()),
  }),
);

/**
 * The journal that several agents share, in schema `reeve_durable`. A process whose agent died is taken over when its lease of 30 s is over.
 *
 * @throws {DurableError}
 */
export async function openPostgresJournal(url: Secret, holder: string): Promise<Journal> {
  const address = withSettings(url.reveal(), holder);
  const sql = postgres(address, {
    max: connections,
    connect_timeout: 10,
    onnotice: () => undefined,
    transform: { column: { from: postgres.toCamel } },
  });
  try {
    await migrate(sql, address);
  } catch (thrown) {
    await sql.end({ timeout: 0 });
    throw new DurableError(
      'unusable',
      `the journal of runs in schema ${schema} of the store cannot be opened: ${messageOf(thrown)}; ` +
        'store.url must lead to a database in which this role may create that schema',
      { cause: thrown },
    );
  }
  const runs = sql(`${schema}.workflow_runs`);
  return {
    backend: BackendPostgres.fromPool(sql, { schema }),
    place: `schema ${schema}`,
    isShared: true,
    releaseLeases: async () => 0,
    has: async (name, id) =>
      (await sql`SELECT 1 FROM ${runs} WHERE workflow_name = ${name} AND idempotency_key = ${id} LIMIT 1`)
        .length > 0,
    unfinished: async (id) =>
      unfinishedRows.parse(
        await sql`SELECT id AS run_id, coalesce(idempotency_key, id) AS id, workflow_name AS name, status,
          worker_id IS NOT NULL AS is_held, created_at FROM ${runs}
          WHERE status IN ('pending', 'running', 'sleeping') ${id === undefined ? sql`` : sql`AND idempotency_key = ${id}`}
          ORDER BY created_at, id`,
      ),
    prune: async (endedBefore) => {
      await sql`DELETE FROM ${runs} WHERE finished_at < ${new Date(endedBefore)}`;
    },
    isUnavailable,
    close: () => sql.end({ timeout: 5 }),
  };
}

/** OpenWorkflow opens a connection of its own to migrate, whose notices its driver would print on stdout: as part of the address our settings reach it too. */
function withSettings(url: string, holder: string): string {
  const address = new URL(url);
  const settings = {
    application_name: `reeve durable ${holder}`.slice(0, 63),
    client_min_messages: 'warning',
    statement_timeout: '15s',
    lock_timeout: '10s',
  };
  for (const [name, value] of Object.entries(settings)) address.searchParams.set(name, value);
  return address.href;
}

async function migrate(sql: postgres.Sql, address: string): Promise<void> {
  const reserved = await sql.reserve();
  try {
    await reserved`SELECT pg_advisory_lock(hashtextextended(${migrationLock}, 0))`;
    try {
      await (await BackendPostgres.connect(address, { schema })).stop();
    } finally {
      await reserved`SELECT pg_advisory_unlock(hashtextextended(${migrationLock}, 0))`;
    }
  } finally {
    reserved.release();
  }
}

/** Classes of SQLSTATE that the same call would meet again: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const ourMistake: readonly string[] = ['0A', '21', '22', '23', '42', '54'];
/** Of those, what an operator mends: a privilege that was taken away. */
const denied = '42501';
/** Of the driver: the call itself is wrong. */
const wrongCalls: readonly string[] = [
  'UNDEFINED_VALUE',
  'MAX_PARAMETERS_EXCEEDED',
  'NOT_TAGGED_CALL',
  'UNSAFE_TRANSACTION',
];

function isUnavailable(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return false;
  const { code } = thrown;
  if (thrown instanceof postgres.PostgresError)
    return code === denied || !ourMistake.includes(code.slice(0, 2));
  return code.includes('_') ? !wrongCalls.includes(code) && !code.startsWith('ERR_') : /^E[A-Z]+$/.test(code);
}
