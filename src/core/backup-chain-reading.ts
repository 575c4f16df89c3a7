/** What a collection says of the backups that other tools make: the same metrics, findings and rows for every engine. */

import type { BackupFound } from './remediation/backups.ts';
import type { BackupMetricId } from './shared-metrics.ts';
import type { DetailRow, Finding } from './snapshot.ts';

/** A backup a day, and two hours for it to be late. */
const longestAgeMs = 26 * 3_600_000;
/** Rows of each chain that reports show. */
const mostRows = 20;

/** The part of an engine's `GroupContext` that is needed, whatever else its metrics are. */
export interface ChainContext {
  readonly now: number;
  record(metric: BackupMetricId, value: number | undefined, labels: { readonly chain: string }): void;
  find(finding: Finding): void;
  detail(kind: string, rows: readonly DetailRow[]): void;
}

export interface ChainReading {
  readonly chain: string;
  /** All of it, newest first. */
  readonly backups: readonly BackupFound[];
  /** Data up to then can be brought back by what is archived beside the backups, Unix time in milliseconds; undefined: as the backups say. */
  readonly archivedUntil?: number | undefined;
  /** Nothing is kept, data is only read back (time travel): there is no age, and nothing to miss. */
  readonly isReadBack?: boolean;
  /** What to do about damage, and about one that is too old or missing. */
  readonly remedies: { readonly damaged: string; readonly old: string };
}

/**
 * Finds that nobody said where the backups are: information, for there may be others that are well watched.
 *
 * @param besides what the engine keeps by itself, with its limit.
 */
export function findNoBackups(context: Pick<ChainContext, 'find'>, besides = ''): void {
  context.find({
    code: 'no_backups_configured',
    severity: 'info',
    subject: '',
    message: `nobody told Reeve where the backups of this target are, so neither their age nor their restore is known${besides === '' ? '' : `; ${besides}`}`,
    remedy: "name them in the target's `backups`; without any: reeve backup init TARGET",
  });
}

/** Age, size and health of one chain. What is damaged has no age: it brings nothing back. */
export function recordChain(context: ChainContext, reading: ChainReading): void {
  const { chain, backups, archivedUntil = 0, isReadBack = false } = reading;
  const sound = backups.filter(({ health }) => health !== 'damaged');
  const newest = isReadBack ? undefined : sound[0];
  context.record('backupsDamaged', backups.length - sound.length, { chain });
  if (newest !== undefined) {
    const ageSeconds = (at: number): number => Math.max(0, context.now - at) / 1_000;
    const until = Math.max(archivedUntil, ...sound.map(({ recoverableUntil }) => recoverableUntil));
    context.record('backupAgeSeconds', ageSeconds(newest.takenAt), { chain });
    context.record('backupRecoverableAgeSeconds', ageSeconds(until), { chain });
    context.record('backupBytes', newest.bytes ?? undefined, { chain });
  }
  for (const finding of findingsOf(reading, newest, context.now)) context.find(finding);
  context.detail('backups', backups.slice(0, mostRows).map(rowOf));
}

function findingsOf(
  { chain, backups, remedies, isReadBack = false }: ChainReading,
  newest: BackupFound | undefined,
  now: number,
): readonly Finding[] {
  const damaged = backups.filter(({ health }) => health === 'damaged');
  const [worst] = damaged;
  const findings: Finding[] = [];
  if (worst !== undefined)
    findings.push({
      code: 'backup_damaged',
      severity: 'critical',
      subject: chain,
      message: `${damaged.length} backups of chain ${chain} are damaged, the newest is ${worst.name}: ${worst.detail}`,
      remedy: remedies.damaged,
    });
  if (newest === undefined && !isReadBack)
    findings.push({
      code: 'backup_missing',
      severity: 'warning',
      subject: chain,
      message: `chain ${chain} holds no backup that can be restored`,
      remedy: `look whether they are kept where \`backups\` of the target says; ${remedies.old}`,
    });
  if (newest !== undefined && now - newest.takenAt > longestAgeMs)
    findings.push({
      code: 'backup_old',
      severity: 'warning',
      subject: chain,
      message: `the newest backup of chain ${chain}, ${newest.name}, is ${Math.floor((now - newest.takenAt) / 3_600_000)} h old`,
      remedy: remedies.old,
    });
  return findings;
}

function rowOf(backup: BackupFound): DetailRow {
  const { chain, kind, name, bytes, health, detail, isRetained } = backup;
  const takenAt = new Date(backup.takenAt).toISOString();
  const recoverableUntil = new Date(backup.recoverableUntil).toISOString();
  return { chain, kind, name, takenAt, recoverableUntil, bytes, health, detail, isRetained };
}
