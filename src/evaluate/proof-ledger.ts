import { proofMetrics } from '../core/proof-metrics.ts';
import type { DrillProof, MigrationProof, Proof, RollbackProof } from '../core/remediation/proof.ts';
import { createSampleBuffer, type Sample, type SampleBuffer } from '../core/sample.ts';

/** What is asked about one target. */
export interface LedgerQuestion {
  readonly now: number;
  /** How far back rollbacks count, in milliseconds. */
  readonly rollbackWindowMs: number;
}

type Drill = Pick<DrillProof, 'id' | 'at' | 'verdict' | 'recoveryMs' | 'lossMs'> & {
  readonly failedChecks: number;
};

/** What is kept of one target's proofs. */
interface Kept {
  attempt: Drill | undefined;
  verified: Drill | undefined;
  /** When each subject was last restored and verified, by a drill that counts; by chain. */
  readonly restoredAt: Map<string, Map<string, number>>;
  readonly migrations: Map<string, MigrationProof>;
  readonly rollbacks: Map<string, Pick<RollbackProof, 'at' | 'verified'>>;
}

/** Series of migrations that are published of a target; those with rows lost and not acknowledged come first. */
const mostMigrations = 20;
/** What is kept of a target beyond what is published. */
const mostKept = { migrations: 200, rollbacks: 2_000 } as const;

/** Of all proofs, what objectives and metrics are made of; in memory, so that judging waits for nothing. */
export class ProofLedger {
  readonly #targets = new Map<string, Kept>();

  /** Takes a proof in, in any order; the same id again replaces what was known by it. */
  add(proof: Proof): void {
    const kept = this.#of(proof.target);
    if (proof.kind === 'drill') addDrill(kept, proof);
    else if (proof.kind === 'migration') addMigration(kept, proof);
    else addRollback(kept, proof);
  }

  /**
   * When this subject was last restored and verified from a retained backup; a restore of everything (subject '') restores it too.
   *
   * @param chains those that the target has now: what was restored from another one is gone with it. Undefined: any.
   */
  restoredAt(target: string, subject: string, chains?: ReadonlySet<string>): number | undefined {
    const restoredAt = this.#targets.get(target)?.restoredAt;
    const times = [...(restoredAt?.get(subject) ?? []), ...(restoredAt?.get('') ?? [])]
      .filter(([chain]) => chains?.has(chain) ?? true)
      .map(([, at]) => at);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  /** When the oldest migration ended that lost rows which nobody acknowledged; undefined when there is none. */
  oldestOpenLossAt(): number | undefined {
    const open = [...this.#targets.values()].flatMap(({ migrations }) =>
      [...migrations.values()].filter(isOpenLoss).map(({ at }) => at),
    );
    return open.length === 0 ? undefined : Math.min(...open);
  }

  samples(target: string, question: LedgerQuestion): readonly Sample[] {
    const kept = this.#targets.get(target);
    const buffer = createSampleBuffer(proofMetrics);
    if (kept === undefined) return buffer.samples;
    recordDrills(kept, buffer);
    for (const group of shownMigrations(kept)) recordMigration(group, buffer);
    recordRollbacks(kept, question, buffer);
    return buffer.samples;
  }

  #of(target: string): Kept {
    const kept = this.#targets.get(target) ?? {
      attempt: undefined,
      verified: undefined,
      restoredAt: new Map(),
      migrations: new Map(),
      rollbacks: new Map(),
    };
    this.#targets.set(target, kept);
    return kept;
  }
}

function addDrill(kept: Kept, proof: DrillProof): void {
  const { id, at, verdict, recoveryMs, lossMs, checks } = proof;
  const failedChecks = checks.filter((check) => check.verdict === 'failed').length;
  const drill: Drill = { id, at, verdict, recoveryMs, lossMs, failedChecks };
  kept.attempt = later(kept.attempt, drill);
  if (verdict !== 'verified') return;
  kept.verified = later(kept.verified, drill);
  if (!proof.counts) return;
  for (const subject of proof.subjects) {
    const chains = kept.restoredAt.get(subject) ?? new Map<string, number>();
    kept.restoredAt.set(subject, chains.set(proof.chain, Math.max(at, chains.get(proof.chain) ?? at)));
  }
}

function addMigration({ migrations }: Kept, proof: MigrationProof): void {
  migrations.set(proof.id, proof);
  dropOldest(migrations, mostKept.migrations, (one) => !isOpenLoss(one));
}

function addRollback({ rollbacks }: Kept, { id, at, verified }: RollbackProof): void {
  rollbacks.set(id, { at, verified });
  dropOldest(rollbacks, mostKept.rollbacks, () => true);
}

function dropOldest<T extends { readonly at: number }>(
  kept: Map<string, T>,
  most: number,
  mayGo: (one: T) => boolean,
): void {
  if (kept.size <= most) return;
  const [oldest] = [...kept].filter(([, one]) => mayGo(one)).toSorted(([, a], [, b]) => a.at - b.at);
  if (oldest !== undefined) kept.delete(oldest[0]);
}

function later(known: Drill | undefined, drill: Drill): Drill {
  return known === undefined || known.id === drill.id || drill.at >= known.at ? drill : known;
}

function isOpenLoss({ rowsLost, acknowledgedBy }: MigrationProof): boolean {
  return rowsLost !== null && rowsLost > 0 && acknowledgedBy === null;
}

function recordDrills({ attempt, verified }: Kept, buffer: SampleBuffer<typeof proofMetrics>): void {
  buffer.record('drillLastAttempt', seconds(attempt?.at), {});
  buffer.record('drillChecksFailed', attempt?.failedChecks, {});
  buffer.record('drillLastSuccess', seconds(verified?.at), {});
  buffer.record('drillRecoverySeconds', seconds(verified?.recoveryMs), {});
  buffer.record('drillDataLossSeconds', seconds(verified?.lossMs), {});
}

/** Proofs of one name, latest first: a migration may have been taken back and applied again. */
type MigrationsOfName = readonly [MigrationProof, ...MigrationProof[]];

function shownMigrations({ migrations }: Kept): readonly MigrationsOfName[] {
  const byTime = [...migrations.values()].toSorted((one, other) => other.at - one.at);
  const names = [...Map.groupBy(byTime, ({ migration }) => migration).values()].flatMap(
    ([first, ...rest]): MigrationsOfName[] => (first === undefined ? [] : [[first, ...rest]]),
  );
  const open = names.filter((proofs) => proofs.some(isOpenLoss));
  const rest = names.filter((proofs) => !proofs.some(isOpenLoss));
  return [...open, ...rest].slice(0, mostMigrations);
}

function recordMigration(proofs: MigrationsOfName, buffer: SampleBuffer<typeof proofMetrics>): void {
  const [{ migration, durationMs, lockMs, rowsLost }] = proofs;
  const lost = proofs.filter(isOpenLoss).reduce((sum, proof) => sum + (proof.rowsLost ?? 0), 0);
  buffer.record('migrationDurationSeconds', durationMs / 1_000, { migration });
  buffer.record('migrationLockSeconds', seconds(lockMs), { migration });
  buffer.record('migrationRowsLost', lost === 0 && rowsLost === null ? undefined : lost, { migration });
}

function recordRollbacks(
  { rollbacks }: Kept,
  { now, rollbackWindowMs }: LedgerQuestion,
  buffer: SampleBuffer<typeof proofMetrics>,
): void {
  const tried = [...rollbacks.values()].filter(({ at }) => at > now - rollbackWindowMs);
  if (tried.length === 0) return;
  const verified = tried.filter((one) => one.verified).length;
  buffer.record('migrationRollbackSuccessRatio', verified / tried.length, {}, tried.length);
}

function seconds(ms: number | null | undefined): number | undefined {
  return ms === null || ms === undefined ? undefined : ms / 1_000;
}
