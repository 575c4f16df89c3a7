import type { PostgresMajor } from '../../tests/support/postgres/installation.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';

export const schemaShape = { tables: 2_000, indexes: 6_000, rows: 200 } as const;

/** A server with 2,000 tables of 200 rows and 6,000 indexes, and a login for each agent that may read statistics and nothing else. */
export async function startLargeServer(major: PostgresMajor): Promise<PostgresServer> {
  const server = await startPostgres({
    major,
    name: 'bench',
    settings: {
      shared_buffers: '512MB',
      // Nothing but the agents shall use the processors while they are measured.
      autovacuum: 'off',
      'pg_stat_statements.track_planning': 'on',
    },
  });
  await server.query('CREATE DATABASE bench');
  await server.query(
    `CREATE EXTENSION pg_stat_statements;
     CREATE ROLE reeve LOGIN; GRANT pg_monitor TO reeve;
     CREATE ROLE exporter LOGIN; GRANT pg_monitor TO exporter;`,
    'bench',
  );
  // The block commits now and then: 8,000 relations in one transaction would need more locks than a server has by default.
  await server.query(
    `DO $$
     BEGIN
       FOR number IN 1 .. ${schemaShape.tables} LOOP
         EXECUTE format('CREATE TABLE orders_%s (id bigint PRIMARY KEY, customer int, note text, amount int)', number);
         EXECUTE format('INSERT INTO orders_%s SELECT g, g %% 100, md5(g::text), g FROM generate_series(1, ${schemaShape.rows}) g', number);
         EXECUTE format('CREATE INDEX ON orders_%s (customer)', number);
         EXECUTE format('CREATE INDEX ON orders_%s (note)', number);
         IF number %% 100 = 0 THEN COMMIT; END IF;
       END LOOP;
     END $$`.replaceAll('number %% 100', 'number % 100'),
    'bench',
  );
  await server.query('VACUUM (ANALYZE)', 'bench');
  await server.query('CHECKPOINT');
  return server;
}
