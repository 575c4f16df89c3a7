import { z } from 'zod';
import type { DrillJournal } from './drill-journal.ts';
import type { DumpArchive } from './dump-archive.ts';
import type { ScratchServer } from './scratch-server.ts';

/** Which entries of a table of contents must be in the catalogue afterwards, and where. */
const kinds = {
  TABLE: 'relation',
  'FOREIGN TABLE': 'relation',
  VIEW: 'relation',
  'MATERIALIZED VIEW': 'relation',
  SEQUENCE: 'relation',
  INDEX: 'relation',
  CONSTRAINT: 'constraint',
  'CHECK CONSTRAINT': 'constraint',
  'FK CONSTRAINT': 'constraint',
  TRIGGER: 'trigger',
} as const;

const sql = `
  SELECT 'relation ' || n.nspname || ' ' || c.relname AS object FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  UNION ALL
  SELECT 'constraint ' || n.nspname || ' ' || c.relname || ' ' || o.conname
    FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  UNION ALL
  SELECT 'trigger ' || n.nspname || ' ' || c.relname || ' ' || t.tgname
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace`;

const row = z.object({ object: z.string() });
const mostNamed = 10;

/** Compares the file's table of contents with what stands in the catalogue now. */
export async function compareObjects(
  server: ScratchServer,
  archive: DumpArchive,
  journal: DrillJournal,
  signal: AbortSignal,
): Promise<void> {
  const rows = await server.reading(archive.database, signal, (connection) =>
    connection.query(sql, row, signal),
  );
  const there = new Set(rows.map(({ object }) => object));
  const wanted = archive.entries.flatMap((entry) => {
    const place = placeOf(entry.kind);
    return place === undefined ? [] : [`${place} ${entry.schema} ${entry.name}`];
  });
  const missing = wanted.filter((object) => !there.has(object));
  journal.check(
    `objects of ${archive.database}`,
    missing.length === 0 ? 'passed' : 'failed',
    missing.length === 0
      ? `all ${wanted.length} tables, views, sequences, indexes, constraints and triggers of the file are there`
      : `${missing.length} of ${wanted.length} are missing: ${missing.slice(0, mostNamed).join(', ')}`,
  );
}

function placeOf(kind: string): string | undefined {
  const entry = Object.entries(kinds).find(([name]) => name === kind);
  return entry?.[1];
}
