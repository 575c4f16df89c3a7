import { type BackupFound, CollectError, type CollectorInput } from '../../src/sdk.ts';
import { BackupLister, type ChainListing } from './backups/list-backups.ts';
import type { MongodbOptions } from './config.ts';
import type { MongodbContext } from './metrics.ts';
import type { Reader } from './readers.ts';

/** A backup a day, and two hours for it to be late. */
const longestAgeMs = 26 * 3_600_000;

/** Reads what other tools have backed up: files and catalogues only, nothing of the server. */
export function createBackupsReader({
  options,
  clock,
  target,
}: Pick<CollectorInput<MongodbOptions>, 'options' | 'clock' | 'target'>): Reader {
  const lister = new BackupLister({
    chains: options.backups,
    binaries: options.binaries,
    clock,
  });
  return async (_, context) => {
    if (lister.chains.length === 0)
      return context.find({
        code: 'no_backups_configured',
        severity: 'info',
        subject: '',
        message:
          'nobody told Reeve where the backups of this target are, so neither their age nor their restore is known',
        remedy: `name them in the target's \`backups\`; without any: reeve backup init ${target.id}`,
      });
    for (const listing of await lister.list(context.signal))
      await context.attempt(listing.chain, async (inner) => record(listing, inner));
  };
}

function record(listing: ChainListing, context: MongodbContext): void {
  if ('problem' in listing) throw new CollectError('unreachable', listing.problem);
  const { chain, backups } = listing;
  const labels = { chain };
  const damaged = backups.filter(({ health }) => health === 'damaged');
  const whole = backups.filter(({ health }) => health !== 'damaged');
  const newest = whole.toSorted((one, other) => other.takenAt - one.takenAt)[0];
  const last = Math.max(...whole.map(({ recoverableUntil }) => recoverableUntil));
  context.record('backupsDamaged', damaged.length, labels);
  if (newest !== undefined) {
    context.record('backupAgeSeconds', ageSeconds(newest.takenAt, context.now), labels);
    context.record('backupRecoverableAgeSeconds', ageSeconds(last, context.now), labels);
    context.record('backupBytes', newest.bytes ?? undefined, labels);
  }
  report(chain, newest, damaged, context);
  context.detail('backups', backups.slice(0, mostRows).map(rowOf));
}

const mostRows = 20;

function report(
  chain: string,
  newest: BackupFound | undefined,
  damaged: readonly BackupFound[],
  context: MongodbContext,
): void {
  const [worst] = damaged;
  if (worst !== undefined)
    context.find({
      code: 'backup_damaged',
      severity: 'critical',
      subject: chain,
      message: `${damaged.length} backups of chain ${chain} are damaged, the newest is ${worst.name}: ${worst.detail}`,
      remedy:
        'take another one now, and look why this one was cut short: disk space, and the exit status of mongodump',
    });
  if (newest === undefined)
    return context.find({
      code: 'backup_missing',
      severity: 'warning',
      subject: chain,
      message: `chain ${chain} holds no backup that can be restored`,
      remedy: 'look whether the backups run and where they are kept: `backups` of the target names the place',
    });
  const ageMs = context.now - newest.takenAt;
  if (ageMs > longestAgeMs)
    context.find({
      code: 'backup_old',
      severity: 'warning',
      subject: chain,
      message: `the newest backup of chain ${chain}, ${newest.name}, is ${Math.floor(ageMs / 3_600_000)} h old`,
      remedy: 'look whether the schedule still runs, and what its last run printed',
    });
}

function ageSeconds(at: number, now: number): number {
  return Math.max(0, (now - at) / 1_000);
}

function rowOf(backup: BackupFound) {
  return {
    chain: backup.chain,
    name: backup.name,
    kind: backup.kind,
    takenAt: new Date(backup.takenAt).toISOString(),
    recoverableUntil: new Date(backup.recoverableUntil).toISOString(),
    bytes: backup.bytes,
    health: backup.health,
    detail: backup.detail,
  };
}
