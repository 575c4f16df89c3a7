import { z } from 'zod';
import type { VerifiedDatabase } from './verified-database.ts';

const row = z.object({
  sequences: z.number(),
  extensions: z.array(z.string()),
  large_objects: z.number(),
  foreign_servers: z.number(),
  event_triggers: z.number(),
  subscriptions: z.number(),
  views: z.number(),
  functions: z.number(),
});

const sql = `
  SELECT (SELECT count(*) FROM pg_sequences WHERE coalesce(last_value, start_value) IS NOT NULL) AS sequences,
         ARRAY(SELECT extname::text FROM pg_extension WHERE extname NOT IN ('plpgsql', 'amcheck') ORDER BY 1) AS extensions,
         (SELECT count(*) FROM pg_largeobject_metadata) AS large_objects,
         (SELECT count(*) FROM pg_foreign_server) AS foreign_servers,
         (SELECT count(*) FROM pg_event_trigger) AS event_triggers,
         (SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()) AS subscriptions,
         (SELECT count(*) FROM pg_class WHERE relkind IN ('v', 'm') AND oid >= 16384) AS views,
         (SELECT count(*) FROM pg_proc WHERE oid >= 16384) AS functions`;

/** What else came back, and what of it was kept from acting. */
export async function verifyInventory({
  database,
  server,
  journal,
  signal,
}: VerifiedDatabase): Promise<undefined> {
  const [found] = await server.reading(database, signal, (connection) => connection.query(sql, row, signal));
  if (found === undefined) return undefined;
  const { sequences, extensions, large_objects, views, functions } = found;
  const quiet = [
    [found.subscriptions, 'subscriptions'],
    [found.foreign_servers, 'foreign servers'],
    [found.event_triggers, 'event triggers'],
  ] as const;
  const kept = quiet.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const parts = [
    `${sequences} sequences, ${views} views, ${functions} functions, ${large_objects} large objects`,
    `extensions: ${extensions.length === 0 ? 'none' : extensions.join(', ')}`,
    ...(kept.length === 0 ? [] : [`${kept.join(', ')}: there, and kept from acting`]),
  ];
  journal.check(`the rest of ${database}`, 'passed', parts.join('; '));
  return undefined;
}
