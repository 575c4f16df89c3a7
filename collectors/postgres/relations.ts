import { z } from 'zod';
import type { Connection } from './client.ts';
import { type BlockCounters, HitRatioWatch } from './hit-ratios.ts';
import type { PostgresContext, PostgresReader } from './session.ts';

const row = z.object({
  newest: z.number(),
  survivors: z.number(),
  relations: z.number(),
  statistics_reset: z.string(),
  counted: z.boolean(),
  block_size: z.coerce.number(),
  invalid: z.number(),
  indexes: z.number(),
  tables: z.number(),
  toasts: z.number(),
  index_pages: z.number(),
  table_pages: z.number(),
  toast_pages: z.number(),
  index_hit: z.number(),
  index_fetched: z.number(),
  table_hit: z.number(),
  table_fetched: z.number(),
});

type Row = z.infer<typeof row>;

/**
 * One pass over pg_class, no relation locks. Users' relations have an oid from 16384 on; temporary ones belong to a session. `survivors`
 * is the number of relations that the previous reading (up to oid $1) can have seen: when it shrank, some are gone.
 */
const sql = `
  WITH relation AS MATERIALIZED (
    SELECT c.oid, c.relpages::int8 AS pages,
           CASE WHEN c.relnamespace = 'pg_toast'::regnamespace THEN CASE WHEN c.relkind = 't' THEN 't' END
                WHEN c.relkind = 'm' THEN 'r' ELSE c.relkind::text END AS kind
      FROM pg_class c
     WHERE c.relkind IN ('r', 'm', 'i', 't') AND c.oid >= 16384 AND c.relpersistence <> 't'
       AND c.relnamespace <> 'information_schema'::regnamespace AND c.relnamespace <> 'pg_catalog'::regnamespace)
  SELECT coalesce(max(oid::int8), 0) AS newest,
         count(*) FILTER (WHERE oid <= $1::oid) AS survivors,
         count(*) AS relations,
         (SELECT coalesce(pg_stat_get_db_stat_reset_time(d.oid)::text, '')
            FROM pg_database d WHERE d.datname = current_database()) AS statistics_reset,
         current_setting('track_counts')::bool AS counted,
         current_setting('block_size') AS block_size,
         (SELECT count(*) FROM pg_index i JOIN relation x ON x.oid = i.indexrelid AND x.kind = 'i'
           WHERE NOT i.indisvalid AND i.indexrelid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index
                                                            WHERE datname = current_database())) AS invalid,
         count(*) FILTER (WHERE kind = 'i') AS indexes,
         count(*) FILTER (WHERE kind = 'r') AS tables,
         count(*) FILTER (WHERE kind = 't') AS toasts,
         coalesce(sum(pages) FILTER (WHERE kind = 'i'), 0) AS index_pages,
         coalesce(sum(pages) FILTER (WHERE kind = 'r'), 0) AS table_pages,
         coalesce(sum(pages) FILTER (WHERE kind = 't'), 0) AS toast_pages,
         coalesce(sum(pg_stat_get_blocks_hit(oid)) FILTER (WHERE kind = 'i'), 0) AS index_hit,
         coalesce(sum(pg_stat_get_blocks_fetched(oid)) FILTER (WHERE kind = 'i'), 0) AS index_fetched,
         coalesce(sum(pg_stat_get_blocks_hit(oid)) FILTER (WHERE kind = 'r'), 0) AS table_hit,
         coalesce(sum(pg_stat_get_blocks_fetched(oid)) FILTER (WHERE kind = 'r'), 0) AS table_fetched
    FROM relation`;

interface Watched {
  readonly ratios: HitRatioWatch;
  newest: number;
  relations: number;
}

/** Counts, sizes and hit ratios of tables and indexes, from one cheap statement a database. */
export function createRelationsReader(windowMs: number): PostgresReader {
  const watched = new Map<string, Watched>();
  return async (session, context) => {
    for (const name of watched.keys()) if (!session.databases.includes(name)) watched.delete(name);
    await session.eachDatabase(context, async (database, inner) => {
      const known = watched.get(database.database) ?? {
        ratios: new HitRatioWatch(windowMs),
        newest: 0,
        relations: 0,
      };
      watched.set(database.database, known);
      await readRelations(database, session.server.statisticsEpoch, known, inner);
    });
  };
}

async function readRelations(
  connection: Connection,
  serverEpoch: string,
  known: Watched,
  context: PostgresContext,
): Promise<void> {
  const [found] = await connection.query(sql, row, context.signal, [known.newest]);
  if (found === undefined) return;
  const { database } = connection;
  if (found.counted) recordBlocks(found, serverEpoch, known, database, context);
  known.newest = found.newest;
  known.relations = found.relations;
  context.record('invalidIndexes', found.invalid, { database });
  for (const [kind, number, pages] of [
    ['index', found.indexes, found.index_pages],
    ['table', found.tables, found.table_pages],
    ['toast', found.toasts, found.toast_pages],
  ] as const) {
    context.record('relations', number, { database, kind });
    context.record('relationBytes', pages * found.block_size, { database, kind });
  }
}

/** Without track_counts the counters stand still, which is not the same as no requests. */
function recordBlocks(
  found: Row,
  serverEpoch: string,
  known: Watched,
  database: string,
  context: PostgresContext,
): void {
  const counters: BlockCounters = {
    indexHit: found.index_hit,
    indexFetched: found.index_fetched,
    tableHit: found.table_hit,
    tableFetched: found.table_fetched,
  };
  const { totals, index, table } = known.ratios.add({
    atMs: context.monotonicMs,
    counters,
    epoch: `${serverEpoch} ${found.statistics_reset}`,
    lostRelations: found.survivors < known.relations,
  });
  context.record('indexHitRatio', index?.value, { database }, index?.basis);
  context.record('tableHitRatio', table?.value, { database }, table?.basis);
  context.record('indexBlocksHit', totals.indexHit, { database });
  context.record('indexBlocksRead', totals.indexFetched - totals.indexHit, { database });
  context.record('tableBlocksHit', totals.tableHit, { database });
  context.record('tableBlocksRead', totals.tableFetched - totals.tableHit, { database });
}
