import type { Grants } from '../../src/sdk.ts';

/** The login, with what monitoring needs. */
export const loginStatements = [
  "CREATE ROLE reeve LOGIN PASSWORD '<password>' CONNECTION LIMIT 25;",
  'GRANT pg_monitor TO reeve;',
] as const;

export const postgresGrants: Grants = {
  summary:
    'Reads the statistics of all sessions and databases, and no table. The limit is one connection a database and some to spare; CONNECT is only needed where it was revoked from PUBLIC; the extension is needed in one database that the agent reads. The connections stay open: end them (pg_terminate_backend) before DROP DATABASE, or use WITH (FORCE); the agent comes back by itself.',
  statements: [
    ...loginStatements,
    'GRANT CONNECT ON DATABASE <database> TO reeve;',
    'CREATE EXTENSION IF NOT EXISTS pg_stat_statements;',
  ],
};
