import {
  backupAgeSeconds,
  backupBytes,
  backupRecoverableAgeSeconds,
  backupsDamaged,
  defineMetrics,
} from '../../../src/sdk.ts';

const found = {
  group: 'backups',
  since: '13',
  cost: 'one listing of each folder or repository every five minutes; nothing asked of the server',
  docs: 'https://www.postgresql.org/docs/current/backup.html',
} as const;

export const backupMetrics = defineMetrics({
  backupAgeSeconds: {
    ...backupAgeSeconds,
    ...found,
    source: 'backup_label, header of the dump file, pgbackrest info, wal-g backup-list, barman list-backup',
  },
  backupRecoverableAgeSeconds: {
    ...backupRecoverableAgeSeconds,
    ...found,
    source:
      'the newest archived WAL that follows the newest backup without a gap; where there is none, that backup',
  },
  backupBytes: { ...backupBytes, ...found, source: 'sizes of its files, or what the repository says' },
  backupsDamaged: {
    ...backupsDamaged,
    ...found,
    source: 'backup_manifest, end of the dump file, WAL that is missing, what the repository says',
  },
});
