import type { Engine, ObjectiveMeasure } from './engine.ts';
import { defineMetrics, type MetricTable } from './metric.ts';

/** What Reeve proved about each target by doing it, and which objectives are judged by that. */

const proofs = {
  group: 'proofs',
  source: 'the proofs in the store of the agent',
  docs: 'https://sre.google/sre-book/data-integrity/',
  since: 'any',
  cost: 'none',
  stability: 'stable',
  kind: 'gauge',
  labels: {},
} as const;

const migration = 'Name of the last file of the migration.';

export const proofMetrics = defineMetrics({
  drillExpectedSince: {
    ...proofs,
    name: 'reeve_drill_expected_since_timestamp_seconds',
    unit: 'timestamp',
    help: 'When Reeve first saw that backups of the target are configured; absent while none are.',
  },
  drillLastAttempt: {
    ...proofs,
    name: 'reeve_drill_last_attempt_timestamp_seconds',
    unit: 'timestamp',
    help: 'When the latest restore drill ended, whatever came of it; absent before the first.',
  },
  drillLastSuccess: {
    ...proofs,
    name: 'reeve_drill_last_success_timestamp_seconds',
    unit: 'timestamp',
    help: 'When the latest restore drill ended that restored and verified a backup; absent before the first.',
  },
  drillRecoverySeconds: {
    ...proofs,
    name: 'reeve_drill_recovery_seconds',
    unit: 'seconds',
    help: 'How long the latest verified drill took from the begin of the restore until the data was there and verified.',
  },
  drillDataLossSeconds: {
    ...proofs,
    name: 'reeve_drill_data_loss_seconds',
    unit: 'seconds',
    help: 'How old the newest data was that the latest verified drill recovered; absent where nothing tells.',
  },
  drillChecksFailed: {
    ...proofs,
    name: 'reeve_drill_checks_failed',
    unit: 'none',
    help: 'Checks of the restored data that failed in the latest drill; 0 as well when it failed before it could check.',
  },
  migrationRowsLost: {
    ...proofs,
    name: 'reeve_migration_rows_lost',
    unit: 'none',
    help: 'Rows that a migration deleted beyond what it declares and that nobody acknowledged; absent where they could not be counted.',
    labels: { migration },
  },
  migrationDurationSeconds: {
    ...proofs,
    name: 'reeve_migration_duration_seconds',
    unit: 'seconds',
    help: 'How long a migration took on the target, of the twenty latest.',
    labels: { migration },
  },
  migrationLockSeconds: {
    ...proofs,
    name: 'reeve_migration_lock_seconds',
    unit: 'seconds',
    help: 'Longest time that a migration held one lock which blocks readers or writers; absent where nobody could tell.',
    labels: { migration },
  },
  migrationRollbackSuccessRatio: {
    ...proofs,
    name: 'reeve_migration_rollback_success_ratio',
    unit: 'ratio',
    help: 'Rollbacks that brought back what was there before, of those tried on a clone or on the target within the window of the objective; absent while none was tried.',
  },
});

type ProofMetric = keyof typeof proofMetrics;

const migrationMeasures: readonly ObjectiveMeasure<ProofMetric>[] = [
  {
    objective: 'migration_rows_lost',
    metric: 'migrationRowsLost',
    statistic: 'recorded',
    subjectsOf: 'migrationDurationSeconds',
    untilKnown: 'the rows that it deleted could not be counted',
  },
  {
    objective: 'migration_rollback_success_ratio',
    metric: 'migrationRollbackSuccessRatio',
    statistic: 'recorded',
  },
];

/** By what the objectives of an engine's targets are judged: its own metrics, and what is proven on them. */
export function measuresOf(engine: Pick<Engine, 'objectives' | 'proves'>): readonly ObjectiveMeasure[] {
  const isMigrated = engine.proves?.includes('migration') ?? false;
  return isMigrated ? [...engine.objectives, ...migrationMeasures] : engine.objectives;
}

/** The metrics that the measures of `measuresOf` name by their key. */
export function measuredBy({ metrics }: Pick<Engine, 'metrics'>): MetricTable {
  return { ...proofMetrics, ...metrics };
}
