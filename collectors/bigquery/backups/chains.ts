import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'must be lower case letters, digits, - and _');
const dataset = z.string().regex(/^[A-Za-z0-9_]{1,1024}$/, 'must be the name of a dataset');
const table = z.string().regex(/^[A-Za-z0-9_]+\.[^.`\s]+$/, 'must be dataset.table');

/** Option `backups` of a target. */
export const backupsField = z.record(
  name,
  z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('snapshot'),
      dataset: dataset.describe('Where the snapshot tables are.'),
      of: dataset
        .optional()
        .describe(
          'The dataset they are taken of: its tables without a snapshot of the last day are reported.',
        ),
      keepDays: z
        .int()
        .min(1)
        .max(3_650)
        .default(14)
        .describe('How long a snapshot that Reeve takes is kept.'),
    }),
    z.strictObject({
      kind: z.literal('time_travel'),
      tables: z
        .array(table)
        .min(1)
        .max(100)
        .describe('Tables, as dataset.table, that can be read as they were.'),
    }),
  ]),
);

export type BackupChains = z.infer<typeof backupsField>;
export type BackupChain = BackupChains[string];
export type SnapshotChain = Extract<BackupChain, { kind: 'snapshot' }>;
