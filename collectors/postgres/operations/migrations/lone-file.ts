import { z } from 'zod';
import { CollectError } from '../../../../src/sdk.ts';
import { quoteIdentifier } from '../../quote.ts';
import type { Access } from '../access.ts';
import type { StatementOutcome } from '../acting-client.ts';
import { watchBuild } from '../build-watch.ts';
import { catalogueSignal, explainOutcome } from '../settle.ts';
import { namesOf } from '../syntax-tree.ts';
import type { FileReport } from './apply-file.ts';
import { FileFault, type FileWork } from './file-transaction.ts';
import type { JudgedFile, JudgedPart } from './judge-migration.ts';
import { forgetHistory, type HistoryEntry, type HistoryRow, writeHistory } from './migration-history.ts';
import { compareSchemas, readSchema } from './schema-lines.ts';

/** Nobody waits behind a concurrent build; whoever does is seen by the watch. */
const buildLockTimeoutMs = 600_000;

/** Applies a file that is one statement outside of transactions: its row of the history says `applying` before and `applied` after. */
export async function applyLone(
  access: Access,
  work: FileWork,
  judged: JudgedFile,
  {
    entry,
    isResumed,
  }: { readonly entry: Omit<HistoryEntry, 'trace' | 'down' | 'name'>; readonly isResumed: boolean },
): Promise<FileReport> {
  const { session, signal } = work;
  const { file, up } = judged;
  const beganAt = work.clock.monotonicMs();
  const row = { ...entry, name: file.name, down: file.down };
  const before = await readSchema(session, signal);
  const [part] = up;
  if (part === undefined) throw new FileFault(`${file.name} up: it has no statement`, '');
  const is = await stateOf(work, part);
  if (!isResumed && (part.node.kind === 'IndexStmt') !== (is === 'absent'))
    throw new FileFault(
      `${file.name} up:${part.line}: ${is === 'absent' ? 'there is no such index' : 'an index of that name is there already'}`,
      '42P07',
    );
  await writeHistory(
    session,
    { ...row, state: entry.state === 'applied' ? 'applying' : entry.state, trace: null },
    signal,
  );
  try {
    await ensure(access, work, `${file.name} up`, part);
  } catch (thrown) {
    // Nothing of it is left, unless the connection is gone or the rest could not be cleared away.
    if (thrown instanceof FileFault && (await stateOf(work, part)) === is)
      await forgetHistory(session, file.name, catalogueSignal());
    throw thrown;
  }
  const difference = compareSchemas(before, await readSchema(session, catalogueSignal()));
  const trace = { ...difference, written: {}, kept: [] };
  await writeHistory(session, { ...row, trace }, catalogueSignal());
  return report(work, part, beganAt, difference);
}

/** Takes it back, whatever half of it is there. */
export async function undoLone(
  access: Access,
  work: FileWork,
  judged: JudgedFile,
  row: HistoryRow,
): Promise<FileReport & { readonly verified: boolean }> {
  const { session, signal } = work;
  const { file, up, down } = judged;
  const beganAt = work.clock.monotonicMs();
  const [part] = down;
  const [done] = up;
  if (part === undefined || done === undefined)
    throw new FileFault(`${file.name} down: it has no statement`, '');
  const before = await readSchema(session, signal);
  await writeHistory(
    session,
    { ...row, state: row.state === 'rehearsing' ? 'rehearsing' : 'undoing' },
    signal,
  );
  await ensure(access, work, `${file.name} down`, part);
  const difference = compareSchemas(before, await readSchema(session, catalogueSignal()));
  await forgetHistory(session, file.name, catalogueSignal());
  const is = await stateOf(work, done);
  return {
    ...report(work, part, beganAt, difference),
    verified: is === (done.node.kind === 'IndexStmt' ? 'absent' : 'valid'),
  };
}

function report(
  work: FileWork,
  part: JudgedPart,
  beganAt: number,
  difference: FileReport['difference'],
): FileReport {
  const durationMs = Math.round(work.clock.monotonicMs() - beganAt);
  const statements = [{ line: part.line, kind: part.node.kind, ms: durationMs }];
  return {
    durationMs,
    lockMs: 0,
    difference,
    measure: {
      statements,
      written: {},
      emptied: {},
      hidden: { rows: {}, columns: [] },
      old: new Set(),
      locks: [],
    },
  };
}

type IndexIs = 'absent' | 'valid' | 'invalid';

const stateRow = z.object({ is_valid: z.boolean(), name: z.string() });
const stateSql = `
  SELECT i.indisvalid AND i.indisready AS is_valid, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.indexrelid = to_regclass($1)`;

async function indexOf(
  work: FileWork,
  part: JudgedPart,
): Promise<{ readonly is: IndexIs; readonly name: string }> {
  const { session } = work;
  const name = await inPath(work, () =>
    session.query(stateSql, stateRow, catalogueSignal(), [indexName(part)]),
  );
  const [found] = name;
  if (found === undefined) return { is: 'absent', name: '' };
  return { is: found.is_valid ? 'valid' : 'invalid', name: found.name };
}

async function stateOf(work: FileWork, part: JudgedPart): Promise<IndexIs> {
  return (await indexOf(work, part)).is;
}

const relation = z.object({ schemaname: z.string().optional() });

/** The index that a statement is about, as SQL takes it; an index lives where its table does. */
function indexName({ node: { kind, fields } }: JudgedPart): string {
  if (kind === 'IndexStmt') {
    const schema = relation.safeParse(fields['relation']).data?.schemaname;
    const parts = [schema, String(fields['idxname'])].filter((each) => each !== undefined);
    return parts.map(quoteIdentifier).join('.');
  }
  return namesOf(fields['objects']).map(quoteIdentifier).join('.');
}

/** Until the index is there and valid, or gone, as the statement says. */
async function ensure(access: Access, work: FileWork, label: string, part: JudgedPart): Promise<void> {
  const isBuild = part.node.kind === 'IndexStmt';
  const found = await indexOf(work, part);
  if (found.is === (isBuild ? 'valid' : 'absent')) return;
  if (isBuild && found.is === 'invalid') await clear(work, label, found.name);
  const outcome = isBuild
    ? await build(access, work, part)
    : await runLone(work, part.text, work.lockTimeoutMs);
  if (outcome.kind === 'lost') throw new CollectError('unreachable', outcome.message);
  const after = await indexOf(work, part);
  if (after.is === (isBuild ? 'valid' : 'absent')) return;
  if (isBuild && after.is === 'invalid') await clear(work, label, after.name);
  const sqlState = outcome.kind === 'failed' ? outcome.sqlState : '';
  throw new FileFault(
    `${label}:${part.line}: ${explainOutcome(outcome)}`,
    sqlState,
    outcome.kind === 'stopped',
  );
}

async function build(access: Access, work: FileWork, part: JudgedPart): Promise<StatementOutcome> {
  const { session, clock, signal, lockTimeoutMs } = work;
  return access.reading(session.database, signal, (connection) =>
    runLone(
      work,
      part.text,
      buildLockTimeoutMs,
      watchBuild({ connection, processId: session.processId, lockTimeoutMs, clock }),
    ),
  );
}

/** What a build that failed left behind. */
async function clear(work: FileWork, label: string, name: string): Promise<void> {
  const outcome = await runLone(
    { ...work, signal: AbortSignal.timeout(60_000) },
    `DROP INDEX CONCURRENTLY ${name}`,
    work.lockTimeoutMs,
  );
  if (outcome.kind === 'lost') throw new CollectError('unreachable', outcome.message);
  if (outcome.kind !== 'done')
    throw new CollectError(
      'locked',
      `${label}: the invalid index ${name} is left and could not be dropped: ${explainOutcome(outcome)}`,
    );
}

async function runLone(
  work: FileWork,
  statement: string,
  lockTimeoutMs: number,
  watch?: (signal: AbortSignal) => Promise<string | undefined>,
): Promise<StatementOutcome> {
  const { session, signal, role } = work;
  if (role !== '') await session.query(`SET ROLE ${quoteIdentifier(role)}`, z.unknown(), signal);
  const outcome = await inPath(work, () =>
    session.run(statement, { signal, lockTimeoutMs, ...(watch === undefined ? {} : { watch }) }),
  );
  if (outcome.kind !== 'lost' && role !== '')
    await session.query('RESET ROLE', z.unknown(), catalogueSignal());
  return outcome;
}

async function inPath<T>({ session, searchPath }: FileWork, body: () => Promise<T>): Promise<T> {
  const sql = `SELECT set_config('search_path', $1, false) AS set`;
  await session.query(sql, z.unknown(), catalogueSignal(), [searchPath]);
  try {
    return await body();
  } finally {
    // Of a connection that broke there is nothing to set back.
    await session.query(sql, z.unknown(), catalogueSignal(), ['pg_catalog']).catch(() => undefined);
  }
}
