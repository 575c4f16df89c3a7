import { z } from 'zod';
import { quoteIdentifier } from '../quote.ts';
import type { ActingSession } from './acting-client.ts';

const row = z.object({
  schema: z.string(),
  tablespace: z.string().nullable(),
  may_create: z.boolean(),
  may_use_space: z.boolean(),
  primary: z.boolean(),
  unique: z.boolean(),
  exclusion: z.boolean(),
  replica_identity: z.boolean(),
  clustered: z.boolean(),
  constraint: z.boolean(),
  partition: z.boolean(),
  valid: z.boolean(),
});

type Found = z.infer<typeof row>;

const sql = `
  SELECT n.nspname AS schema, s.spcname AS tablespace, has_schema_privilege(n.oid, 'CREATE') AS may_create,
         c.reltablespace = 0 OR has_tablespace_privilege(c.reltablespace, 'CREATE') AS may_use_space,
         i.indisprimary AS primary, i.indisunique AS unique, i.indisexclusion AS exclusion, i.indisreplident AS replica_identity,
         i.indisclustered AS clustered, EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) AS constraint,
         c.relispartition AS partition, i.indisvalid AS valid
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
   WHERE i.indexrelid = $1::oid`;

/**
 * Why the index of this oid is not dropped now; undefined when it may be, or is gone. The last look before the act: the server itself refuses
 * only constraints and partitions. `isLeftOver`: of a build that failed; `comesBack`: the same login would have to build it again.
 */
export async function reasonToKeep(
  session: Pick<ActingSession, 'query'>,
  oid: string,
  { isLeftOver, comesBack }: { readonly isLeftOver: boolean; readonly comesBack: boolean },
  signal: AbortSignal,
): Promise<string | undefined> {
  const [found] = await session.query(sql, row, signal, [oid]);
  if (found === undefined) return undefined;
  const kind = kindToKeep(found, isLeftOver && !found.valid);
  if (kind !== undefined) return `the index is ${kind}: such an index is never dropped`;
  return comesBack ? lackingRight(found) : undefined;
}

function kindToKeep(found: Found, isLeftOver: boolean): string | undefined {
  if (found.primary) return 'of a primary key';
  if (found.exclusion) return 'of an exclusion constraint';
  if (found.constraint) return 'what a constraint depends on';
  // What is left of a build enforces nothing, or what its original enforces.
  if (found.unique && !isLeftOver) return 'unique';
  if (found.replica_identity) return 'the replica identity of its table';
  if (found.clustered) return 'clustered: its table is ordered by it';
  return found.partition ? 'part of a partitioned index' : undefined;
}

function lackingRight({ schema, tablespace, may_create, may_use_space }: Found): string | undefined {
  const lacks = 'the login that acts could drop the index and not build it again: ';
  if (!may_create) return `${lacks}GRANT CREATE ON SCHEMA ${quoteIdentifier(schema)} to it`;
  return may_use_space
    ? undefined
    : `${lacks}GRANT CREATE ON TABLESPACE ${quoteIdentifier(tablespace ?? '')} to it`;
}
