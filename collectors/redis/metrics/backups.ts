import {
  backupAgeSeconds,
  backupBytes,
  backupRecoverableAgeSeconds,
  backupsDamaged,
  defineMetrics,
} from '../../../src/sdk.ts';

const files = {
  group: 'backups',
  docs: 'https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/',
  since: '6.0',
  cost: 'begin and end of each file of the chain, the newest read once',
  stability: 'stable',
} as const;

export const backupMetrics = defineMetrics({
  backupChains: {
    ...files,
    name: 'reeve_redis_backup_chains',
    kind: 'gauge',
    unit: 'none',
    help: 'Chains of backups that are configured; absent for a cache without any.',
    labels: {},
    source: 'backups of the target',
  },
  backupsUnneeded: {
    ...files,
    name: 'reeve_redis_backups_unneeded',
    kind: 'gauge',
    unit: 'none',
    help: 'Whether this is a cache without configured backups, which fills again from elsewhere (1), or what it holds is to be restored (0).',
    labels: {},
    source: 'workload and backups of the target',
  },
  backupAgeSeconds: {
    ...backupAgeSeconds,
    ...files,
    source: 'ctime in the head of the RDB file; time of the newest part of the append-only file',
  },
  backupRecoverableAgeSeconds: {
    ...backupRecoverableAgeSeconds,
    ...files,
    source: 'ctime in the head of the RDB file; time of the newest part of the append-only file',
  },
  backupBytes: { ...backupBytes, ...files, source: 'sizes of the files' },
  backupsDamaged: {
    ...backupsDamaged,
    ...files,
    source: 'begin, end mark and checksum of RDB files; files that the manifest names',
  },
});
