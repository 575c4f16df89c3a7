import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ActingSession } from '../acting-client.ts';

export type Reader = Pick<ActingSession, 'query'>;

/** The schema of a database as lines of text, one a thing: equal schemas are equal sets of lines. */
export interface SchemaLine {
  /** What it belongs to: `shop.orders`, or empty for what stands alone. */
  readonly of: string;
  /** `column shop.orders.total integer not null default 0`. */
  readonly text: string;
}

const row = z.object({ of: z.string(), text: z.string() });

/** Everything but the server's own, extensions' and Reeve's. Definitions name every schema: the session's search_path must be `pg_catalog`. */
const sql = `
  WITH spaces AS (
    SELECT oid, nspname FROM pg_namespace
     WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'reeve')),
  extensions AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
  relations AS (
    SELECT c.*, n.nspname, format('%I.%I', n.nspname, c.relname) AS name
      FROM pg_class c JOIN spaces n ON n.oid = c.relnamespace
     WHERE NOT EXISTS (SELECT FROM extensions e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid))
  SELECT '' AS of, format('schema %I owner %s acl %s', n.nspname, pg_get_userbyid(p.nspowner), p.nspacl) AS text
    FROM spaces n JOIN pg_namespace p ON p.oid = n.oid
  UNION ALL
  SELECT name, format('%s %s owner %s%s%s%s%s replica identity %s acl %s',
                      CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                                   WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type' ELSE relkind::text END,
                      name, pg_get_userbyid(relowner), CASE relpersistence WHEN 'u' THEN ' unlogged' ELSE '' END,
                      coalesce(' with ' || array_to_string(reloptions, ','), '') || coalesce(' in ' || (SELECT spcname FROM pg_tablespace t WHERE t.oid = reltablespace), ''),
                      coalesce(' partition by ' || pg_get_partkeydef(oid), ''),
                      coalesce(' partition ' || pg_get_expr(relpartbound, oid), ''), relreplident, relacl)
         || CASE WHEN relrowsecurity THEN ' row security' ELSE '' END || CASE WHEN relforcerowsecurity THEN ' forced' ELSE '' END
         || CASE WHEN relkind IN ('v', 'm') THEN ' as ' || pg_get_viewdef(oid) ELSE '' END
    FROM relations WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  UNION ALL
  SELECT r.name, format('column %s.%I %s%s%s%s%s%s', r.name, a.attname, format_type(a.atttypid, a.atttypmod),
                        CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
                        coalesce(CASE WHEN a.attgenerated <> '' THEN ' generated ' ELSE ' default ' END || pg_get_expr(d.adbin, d.adrelid), ''),
                        CASE a.attidentity WHEN '' THEN '' ELSE ' identity ' || a.attidentity::text END,
                        CASE WHEN a.attcollation NOT IN (0, t.typcollation) THEN ' collation ' || a.attcollation::regcollation::text ELSE '' END,
                        coalesce(' acl ' || a.attacl::text, ''))
         || CASE WHEN a.attstorage <> t.typstorage THEN format(' storage %s', a.attstorage) ELSE '' END
         || coalesce(' compression ' || nullif(to_jsonb(a) ->> 'attcompression', ''), '')
         || CASE WHEN coalesce(a.attstattarget, -1) >= 0 THEN format(' statistics %s', a.attstattarget) ELSE '' END
         || coalesce(' options ' || nullif(a.attoptions::text, '{}'), '')
    FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT coalesce(r.name, ''), format('constraint %s.%I %s%s', coalesce(r.name, c.contypid::regtype::text), c.conname, pg_get_constraintdef(c.oid),
                                      CASE WHEN c.convalidated THEN '' ELSE ' not validated' END)
    FROM pg_constraint c JOIN spaces n ON n.oid = c.connamespace LEFT JOIN relations r ON r.oid = c.conrelid
   WHERE c.contype IN ('c', 'f', 'p', 'u', 'x')
  UNION ALL
  SELECT r.name, format('index %s%s', pg_get_indexdef(i.indexrelid), CASE WHEN i.indisvalid THEN '' ELSE ' not valid' END)
         || CASE WHEN i.indisclustered THEN ' clustered' ELSE '' END
    FROM pg_index i JOIN relations r ON r.oid = i.indrelid
  UNION ALL
  SELECT r.name, format('trigger %s%s', pg_get_triggerdef(g.oid), CASE g.tgenabled WHEN 'O' THEN '' ELSE ' enabled ' || g.tgenabled::text END)
    FROM pg_trigger g JOIN relations r ON r.oid = g.tgrelid WHERE NOT g.tgisinternal
  UNION ALL
  SELECT r.name, format('rule %s enabled %s', pg_get_ruledef(u.oid), u.ev_enabled) FROM pg_rewrite u JOIN relations r ON r.oid = u.ev_class WHERE u.rulename <> '_RETURN'
  UNION ALL
  SELECT r.name, format('policy %I on %s %s %s using %s check %s roles %s', p.polname, r.name, p.polcmd, p.polpermissive,
                        pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), p.polroles)
    FROM pg_policy p JOIN relations r ON r.oid = p.polrelid
  UNION ALL
  SELECT '', format('sequence %s %s start %s step %s min %s max %s cycle %s owner %s acl %s', r.name, format_type(s.seqtypid, NULL), s.seqstart,
                    s.seqincrement, s.seqmin, s.seqmax, s.seqcycle, pg_get_userbyid(r.relowner), r.relacl)
         || coalesce((SELECT format(' owned by %s.%s', d.refobjid::regclass, d.refobjsubid) FROM pg_depend d
                       WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')), '')
    FROM pg_sequence s JOIN relations r ON r.oid = s.seqrelid
  UNION ALL
  SELECT '', format('function %I.%I(%s) returns %s owner %s acl %s source %s', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid),
                    pg_get_function_result(p.oid), pg_get_userbyid(p.proowner), p.proacl,
                    md5(CASE WHEN p.prokind IN ('f', 'p', 'w') THEN pg_get_functiondef(p.oid) ELSE p.prosrc END))
    FROM pg_proc p JOIN spaces n ON n.oid = p.pronamespace
   WHERE NOT EXISTS (SELECT FROM extensions e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
  UNION ALL
  SELECT '', format('type %I.%I %s owner %s acl %s %s', n.nspname, t.typname, t.typtype, pg_get_userbyid(t.typowner), t.typacl,
                    CASE t.typtype WHEN 'd' THEN format('domain of %s%s default %s', format_type(t.typbasetype, t.typtypmod),
                                                        CASE WHEN t.typnotnull THEN ' not null' ELSE '' END, t.typdefault)
                                   ELSE (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) END)
    FROM pg_type t JOIN spaces n ON n.oid = t.typnamespace
   WHERE t.typtype IN ('d', 'e', 'r') AND NOT EXISTS (SELECT FROM extensions e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid)
  UNION ALL
  SELECT coalesce(r.name, ''), format('statistics %s owner %s target %s', pg_get_statisticsobjdef(x.oid), pg_get_userbyid(x.stxowner), x.stxstattarget) FROM pg_statistic_ext x LEFT JOIN relations r ON r.oid = x.stxrelid
  UNION ALL
  SELECT '', format('extension %s %s', extname, extversion) FROM pg_extension
  UNION ALL
  SELECT r.name, format('%s inherits %s', r.name, i.inhparent::regclass) FROM pg_inherits i JOIN relations r ON r.oid = i.inhrelid
  UNION ALL
  SELECT '', format('default privileges of %s in %s on %s: %s', pg_get_userbyid(defaclrole), defaclnamespace::regnamespace, defaclobjtype, defaclacl)
    FROM pg_default_acl
  UNION ALL
  SELECT '', format('%s owner %s', pg_describe_object(x.class, x.oid, 0), pg_get_userbyid(x.owner))
    FROM (SELECT 'pg_operator'::regclass AS class, oid, oprowner AS owner, oprnamespace AS space FROM pg_operator
          UNION ALL SELECT 'pg_collation'::regclass, oid, collowner, collnamespace FROM pg_collation
          UNION ALL SELECT 'pg_opclass'::regclass, oid, opcowner, opcnamespace FROM pg_opclass
          UNION ALL SELECT 'pg_conversion'::regclass, oid, conowner, connamespace FROM pg_conversion
          UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgowner, cfgnamespace FROM pg_ts_config
          UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictowner, dictnamespace FROM pg_ts_dict) x JOIN spaces n ON n.oid = x.space
   WHERE NOT EXISTS (SELECT FROM extensions e WHERE e.classid = x.class AND e.objid = x.oid)
  UNION ALL
  SELECT '', format('%s enabled %s', pg_describe_object('pg_event_trigger'::regclass, oid, 0), evtenabled) FROM pg_event_trigger
  UNION ALL
  SELECT '', format('%s owner %s of all tables %s, %s%s%s%s', pg_describe_object('pg_publication'::regclass, p.oid, 0), pg_get_userbyid(p.pubowner), p.puballtables,
                    p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate)
         || coalesce((SELECT string_agg(prrelid::regclass::text, ',' ORDER BY prrelid::regclass::text) FROM pg_publication_rel WHERE prpubid = p.oid), '')
    FROM pg_publication p
  UNION ALL
  SELECT '', format('cast %s as %s', castsource::regtype, casttarget::regtype) FROM pg_cast WHERE oid >= 16384
  UNION ALL
  SELECT '', format('%s owner %s acl %s', pg_describe_object('pg_foreign_server'::regclass, oid, 0), pg_get_userbyid(srvowner), srvacl) FROM pg_foreign_server
  UNION ALL
  SELECT coalesce(r.name, ''), format('comment on %s %s: %s', d.classoid::regclass, coalesce(r.name || '.' || d.objsubid, pg_describe_object(d.classoid, d.objoid, d.objsubid)), d.description)
    FROM pg_description d LEFT JOIN relations r ON d.classoid = 'pg_class'::regclass AND r.oid = d.objoid
   WHERE d.objoid >= 16384 AND NOT EXISTS (SELECT FROM extensions e WHERE e.classid = d.classoid AND e.objid = d.objoid)
  ORDER BY 1, 2`;

export async function readSchema(reader: Reader, signal: AbortSignal): Promise<readonly SchemaLine[]> {
  return reader.query(sql, row, signal);
}

export function schemaHash(lines: readonly SchemaLine[]): string {
  return createHash('sha256')
    .update(
      lines
        .map(({ text }) => text)
        .toSorted()
        .join('\n'),
    )
    .digest('hex');
}

export interface SchemaDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Lines of `after` that `before` has not, and the other way round; a line that is there twice counts twice. */
export function compareSchemas(
  before: readonly SchemaLine[],
  after: readonly SchemaLine[],
): SchemaDifference {
  const left = new Map<string, number>();
  for (const { text } of before) left.set(text, (left.get(text) ?? 0) + 1);
  const added: string[] = [];
  for (const { text } of after) {
    const count = left.get(text) ?? 0;
    if (count === 0) added.push(text);
    else left.set(text, count - 1);
  }
  const removed = [...left].flatMap(([text, count]) => Array.from({ length: count }, () => text));
  return { added, removed };
}

export function isSame({ added, removed }: SchemaDifference): boolean {
  return added.length === 0 && removed.length === 0;
}

const mostShown = 8;
const longestShown = 200;

/** `+` is there and was not, `-` was there and is not. */
export function describeDifference({ added, removed }: SchemaDifference): string {
  const lines = [...removed.map((text) => `- ${text}`), ...added.map((text) => `+ ${text}`)];
  const shown = lines
    .slice(0, mostShown)
    .map((text) => (text.length > longestShown ? `${text.slice(0, longestShown)}…` : text));
  const more = lines.length - shown.length;
  return `${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
