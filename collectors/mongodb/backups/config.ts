import { z } from 'zod';
import type { ConfigFields } from '../../../src/sdk.ts';

/** How the backups of one chain are made and where they are kept. */
export function backupChains(fields: ConfigFields) {
  const mongodump = z.strictObject({
    kind: z.literal('mongodump'),
    path: fields
      .path()
      .describe(
        'Folder that holds one folder (`mongodump --oplog --gzip --out`) or one archive (`--archive=FILE`) a backup; or a single one of them.',
      ),
    restoreWithin: fields
      .duration({ minMs: 100 })
      .default(6 * 3_600_000)
      .describe('A drill that takes longer has failed.'),
  });
  const pbm = z.strictObject({
    kind: z.literal('pbm'),
    url: fields
      .secretUrl(['mongodb'])
      .describe(
        'Connection string that `pbm` uses, as in PBM_MONGODB_URI: Percona Backup for MongoDB is asked what it has.',
      ),
  });
  return z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'is no name: letters, digits, `_` and `-`'),
      z.discriminatedUnion('kind', [mongodump, pbm]),
    )
    .default({})
    .describe(
      'Backups that other tools make of this target, by a name of yours: `mongodump` (folders and archives; drilled) or `pbm` (listed; restored by its own agents only).',
    );
}

export type BackupChains = z.infer<ReturnType<typeof backupChains>>;
export type DumpChain = Extract<BackupChains[string], { readonly kind: 'mongodump' }>;
export type PbmChain = Extract<BackupChains[string], { readonly kind: 'pbm' }>;
