import { z } from 'zod';
import type { ConfigFields } from '../../src/sdk.ts';
import { backupFields } from './operations/backups/config.ts';

/** Options of a PostgreSQL target. */
export function postgresOptions(fields: ConfigFields) {
  return z.strictObject({
    url: fields
      .secretUrl(['postgres', 'postgresql'])
      .describe(
        'Connection URL of one server, not of a pooler. Its database is where server-wide views are read.',
      ),
    databases: z
      .strictObject({
        include: z
          .array(z.string().min(1))
          .default(['*'])
          .describe('Databases to read, `*` stands for any characters.'),
        exclude: z
          .array(z.string().min(1))
          .default([])
          .describe('Databases to leave out; wins over include.'),
        max: z
          .int()
          .min(1)
          .max(1000)
          .default(20)
          .describe(
            'At most this many databases: those that are read already, then the most active; each costs one connection. What is left out shows in `reeve_collect_truncated_rows` and in `reeve check`.',
          ),
      })
      .prefault({})
      .describe('Which databases of the server are read beside the one in the URL.'),
    statementTimeout: fields
      .duration({ minMs: 100, maxMs: 60_000 })
      .default(2_000)
      .describe('The server cancels a statement of the agent after this time.'),
    lockTimeout: fields
      .duration({ minMs: 1, maxMs: 200 })
      .default(100)
      .describe('The agent gives way to locks after this time; at most 200ms.'),
    topStatements: z
      .int()
      .min(1)
      .max(500)
      .default(20)
      .describe('How many statements of pg_stat_statements are kept for reports.'),
    maxRows: z
      .int()
      .min(100)
      .max(100_000)
      .default(10_000)
      .describe('Rows that one list (indexes, statements) may have; what is left out is counted.'),
    ...backupFields(fields),
  });
}

export type PostgresOptions = z.infer<ReturnType<typeof postgresOptions>>;
