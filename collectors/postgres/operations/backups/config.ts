import { z } from 'zod';
import type { ConfigFields } from '../../../../src/sdk.ts';

const hour = 3_600_000;

/** Where backups of a PostgreSQL target are, one entry a chain; `backups` and what belongs to it in the options of a target. */
export function backupFields(fields: ConfigFields) {
  const chain = z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('pg_dump').describe('Files of `pg_dump -Fc`.'),
      path: fields
        .path()
        .describe(
          'Folder of the files, or a pattern such as `/backups/orders-*.dump`; `*` in the last part.',
        ),
    }),
    z.strictObject({
      kind: z.literal('base_backup').describe('Base backups, with archived WAL.'),
      path: fields
        .path()
        .describe(
          'Folder with one folder a backup: plain, or `base.tar` (.gz) as `pg_basebackup -Ft` writes it.',
        ),
      wal: fields
        .path()
        .optional()
        .describe('Folder of the archived WAL (.gz and .zst too); without, backups bring their own.'),
    }),
    z.strictObject({
      kind: z.literal('pgbackrest').describe('A repository of pgBackRest.'),
      stanza: z.string().regex(name, 'must be a name').describe('Stanza in the repository.'),
      config: fields
        .path()
        .optional()
        .describe('Configuration file of pgBackRest; its own default otherwise.'),
    }),
    z.strictObject({
      kind: z.literal('wal_g').describe('Backups of WAL-G.'),
      config: fields.path().optional().describe('Configuration file of WAL-G; its own default otherwise.'),
    }),
    z.strictObject({
      kind: z.literal('barman').describe('Backups of Barman, on the Barman server itself.'),
      server: z.string().regex(name, 'must be a name').describe('Server, as Barman names it.'),
      config: fields.path().optional().describe('Configuration file of Barman; its own default otherwise.'),
    }),
  ]);
  return {
    backups: z
      .record(z.string().regex(name, 'must be a name: letters, digits, - and _'), chain)
      .default({})
      .describe(
        'Backups that other tools make of this server, by a name of your own: their age and health are watched, and drills restore them.',
      ),
    binaries: fields
      .path()
      .optional()
      .describe(
        "Folder with `postgres`, `initdb`, `pg_restore` … of the backups' major version; the usual folders are searched otherwise.",
      ),
    drillDeadline: fields
      .duration({ minMs: 1_000 })
      .default(6 * hour)
      .describe('A restore drill that takes longer fails.'),
  };
}

const name = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
