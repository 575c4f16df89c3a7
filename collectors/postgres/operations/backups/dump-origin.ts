import { z } from 'zod';
import type { Access } from '../access.ts';
import type { DrillJournal } from './drill-journal.ts';
import type { DumpArchive, DumpEntry } from './dump-archive.ts';

/** A table of the target now. */
export interface TargetTable {
  readonly oid: number;
  /** `schema.table`. */
  readonly name: string;
  /** Whether any page of it is on disk. */
  readonly holdsRows: boolean;
}

export interface TargetTables {
  readonly databaseOid: number;
  readonly tables: readonly TargetTable[];
}

const row = z.object({
  database: z.number(),
  oid: z.number().nullable(),
  name: z.string().nullable(),
  holds: z.boolean().nullable(),
});

/** Tables of extensions are in no dump; unlogged ones are empty after a crash anyway. */
const sql = `
  SELECT d.oid::int8 AS database, t.oid, t.name, t.holds
    FROM pg_database d
    LEFT JOIN (SELECT c.oid::int8 AS oid, n.nspname || '.' || c.relname AS name,
                      c.relkind = 'r' AND coalesce(pg_relation_size(c.oid), 0) > 0 AS holds
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND c.oid >= 16384
                  AND NOT EXISTS (SELECT FROM pg_depend p WHERE p.classid = 'pg_class'::regclass AND p.objid = c.oid
                                     AND p.deptype = 'e')) t ON true
   WHERE d.datname = current_database()`;

/** Whether the file is a whole dump of this target's database: what it lists beside the tables that the target has now. */
export async function compareWithTarget(
  access: Access,
  archive: DumpArchive,
  journal: DrillJournal,
  signal: AbortSignal,
): Promise<void> {
  const rows = await access
    .reading(archive.database, signal, (connection) => connection.query(sql, row, signal))
    .catch(() => undefined);
  signal.throwIfAborted();
  const [first] = rows ?? [];
  const target = first && {
    databaseOid: first.database,
    tables: (rows ?? []).flatMap(({ oid, name, holds }) =>
      oid === null || name === null ? [] : [{ oid, name, holdsRows: holds === true }],
    ),
  };
  const name = `a whole dump of ${archive.database}`;
  const fault = faultOfDump(archive, target);
  const newer = absent(
    archive.entries.filter(({ kind }) => kind === 'TABLE'),
    target,
  );
  if (fault !== undefined) journal.check(name, 'failed', fault);
  else if (target === undefined)
    journal.check(name, 'not_done', 'the target was not asked which tables it has');
  else if (newer.length > 0)
    journal.check(
      name,
      'not_done',
      `not in it: ${named(newer.map((each) => each.name))}; newer than everything in it, or left out when it was made (-t, -n)`,
    );
  else
    journal.check(
      name,
      'passed',
      `every table of the target (${target.tables.length} now) that was there when it was made is in it, with its rows`,
    );
}

const mostNamed = 5;

/** What the file lacks of the target; undefined when nothing. Without the target only what the file says of itself is known. */
function faultOfDump(archive: DumpArchive, target: TargetTables | undefined): string | undefined {
  const tables = archive.entries.filter(({ kind }) => kind === 'TABLE');
  const other = target && isOfAnother(archive, tables, target) && target.tables.length;
  if (typeof other === 'number')
    return `none of its ${tables.length} tables is one of the target's ${other} (by their numbers, oid): it is a dump of another server, or from before the database was made anew`;
  const faults = [leftOut(archive, tables, target), withoutRows(archive, tables, target)];
  const said = faults.filter((fault) => fault !== undefined);
  return said.length === 0 ? undefined : said.join('; ');
}

/** Numbers stay when a table is renamed, when the server is upgraded in place, and on its standbys; another server has others. */
function isOfAnother(archive: DumpArchive, tables: readonly DumpEntry[], target: TargetTables): boolean {
  const database = archive.entries.find(({ kind }) => kind === 'DATABASE')?.oid;
  const own = new Set(target.tables.map(({ oid }) => oid));
  return (
    tables.length > 0 &&
    own.size > 0 &&
    database !== target.databaseOid &&
    !tables.some(({ oid }) => own.has(oid))
  );
}

/** Tables that hold rows on the target and are not in the file, though they are older than something in it. */
function leftOut(
  archive: DumpArchive,
  tables: readonly DumpEntry[],
  target: TargetTables | undefined,
): string | undefined {
  const newest = newestIn(archive);
  const missing = absent(tables, target).filter(({ oid }) => oid < newest);
  return missing.length === 0
    ? undefined
    : `not in it, and on the target with rows: ${named(missing.map(({ name }) => name))}; look whether it is made with -t, -n, -T or -N, and dump the whole database`;
}

/** Numbers are given upwards: what has a higher one than all in the file is most likely newer. */
function newestIn({ entries }: DumpArchive): number {
  return Math.max(0, ...entries.map(({ oid }) => oid));
}

function absent(tables: readonly DumpEntry[], target: TargetTables | undefined): readonly TargetTable[] {
  const oids = new Set(tables.map(({ oid }) => oid));
  const names = new Set(tables.map(nameOf));
  return (target?.tables ?? []).filter(
    ({ oid, name, holdsRows }) => holdsRows && !oids.has(oid) && !names.has(name),
  );
}

/** pg_dump lists the data of every table, of empty ones too, unless it was told to leave them out. */
function withoutRows(
  { entries }: DumpArchive,
  tables: readonly DumpEntry[],
  target: TargetTables | undefined,
): string | undefined {
  const data = new Set(entries.filter(({ kind }) => kind === 'TABLE DATA').map(nameOf));
  const plain = tables.filter(
    ({ definition }) => !/^CREATE UNLOGGED /m.test(definition) && !/^\)?\s*PARTITION BY /m.test(definition),
  );
  const bare = plain.filter((each) => !data.has(nameOf(each)));
  const filled = new Set((target?.tables ?? []).filter(({ holdsRows }) => holdsRows).map(({ oid }) => oid));
  const isSchemaOnly = plain.length > 0 && bare.length === plain.length;
  const lost = isSchemaOnly ? bare : bare.filter(({ oid }) => filled.has(oid));
  return lost.length === 0
    ? undefined
    : `it holds the definition of ${named(lost.map(nameOf))} and not the rows: look whether it is made with --schema-only or --exclude-table-data`;
}

function nameOf({ schema, name }: DumpEntry): string {
  return `${schema}.${name}`;
}

function named(names: readonly string[]): string {
  const rest = names.length - mostNamed;
  return `${names.slice(0, mostNamed).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
