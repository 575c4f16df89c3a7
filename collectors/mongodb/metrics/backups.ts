import {
  backupAgeSeconds,
  backupBytes,
  backupRecoverableAgeSeconds,
  backupsDamaged,
  defineMetrics,
} from '../../../src/sdk.ts';

const files = {
  group: 'backups',
  docs: 'https://www.mongodb.com/docs/database-tools/mongodump/',
  since: '5.0',
  cost: 'the files of the chain, read once each; of pbm one `pbm list` every 10 minutes',
  stability: 'stable',
} as const;

export const backupMetrics = defineMetrics({
  backupAgeSeconds: {
    ...backupAgeSeconds,
    ...files,
    source: 'last entry of the oplog in the dump, or times of its files; restoreTo of `pbm list`',
  },
  backupRecoverableAgeSeconds: {
    ...backupRecoverableAgeSeconds,
    ...files,
    source: 'last entry of the oplog in the dump; end of the point-in-time range of `pbm list`',
  },
  backupBytes: { ...backupBytes, ...files, source: 'sizes of the files; size of `pbm list`' },
  backupsDamaged: {
    ...backupsDamaged,
    ...files,
    source: 'dumps that cannot be unzipped or read as BSON to their end; status of `pbm list`',
  },
});
