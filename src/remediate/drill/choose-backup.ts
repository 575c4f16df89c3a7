import type { BackupFound } from '../../core/remediation/backups.ts';
import type { DrillProof } from '../../core/remediation/proof.ts';
import { holds } from '../backup-standing.ts';
import type { DrillWish } from './journaled-drill.ts';

/**
 * Which backup a drill restores: the newest healthy one that was asked for and reaches the moment that was, of the chain whose last proof is oldest, so that one chain after
 * the other is proven. A damaged one only where there is no other: then the drill says so. Undefined where there is none.
 */
export function chooseBackup(
  found: readonly BackupFound[],
  wish: DrillWish,
  proofs: readonly DrillProof[],
): BackupFound | undefined {
  const wanted = wantedBackups(found, wish);
  const healthy = wanted.filter(({ health }) => health !== 'damaged');
  // Only what is retained proves anything.
  const retained = healthy.filter(({ isRetained }) => isRetained);
  const { until } = wish;
  const reaching = until === undefined ? [] : retained.filter((each) => each.recoverableUntil >= until);
  const eligible = [reaching, retained, healthy, wanted].find((each) => each.length > 0) ?? [];
  return eligible.toSorted(
    (one, other) =>
      provenAt(proofs, one.chain) - provenAt(proofs, other.chain) || other.takenAt - one.takenAt,
  )[0];
}

/** Those that were asked for. */
export function wantedBackups(
  found: readonly BackupFound[],
  { chain, backup, database, until }: DrillWish,
): readonly BackupFound[] {
  return found.filter(
    (each) =>
      (chain === undefined || each.chain === chain) &&
      (backup === undefined || each.name === backup) &&
      (database === undefined || holds(each.databases, database)) &&
      // The end of one backup is where the log begins that is replayed upon it.
      (until === undefined || each.takenAt <= until),
  );
}

/** When a restore of this chain was last proven; 0 for never. */
function provenAt(proofs: readonly DrillProof[], chain: string): number {
  const times = proofs.filter((proof) => proof.chain === chain && proof.counts).map(({ at }) => at);
  return times.length === 0 ? 0 : Math.max(...times);
}
