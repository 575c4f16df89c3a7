import type { ObjectiveText } from './objective-text.ts';
import { scorecardStep } from './runbook-steps.ts';

/** Objectives about changing schemas. */
export const migrationTexts = {
  migration_rows_lost: {
    alert: 'ReeveMigrationRowsLost',
    measured: 'Rows lost by the migration',
    consequence:
      'Rows that the migration did not declare are gone. Every hour makes it harder to put them back beside what is written meanwhile.',
    runbook: {
      meaning:
        'A migration that Reeve applied deleted more rows than it declares, counted inside its own transaction or around it. The rows are gone from the tables; they are in the latest backup. Nothing was taken back by itself, because that may discard what was written since.',
      steps: [
        scorecardStep('migration_rows_lost'),
        'Which migration, how many rows, of which tables? `reeve runs list --target <target> --pipeline migration`, then `reeve runs show <run>`: statements and counts stand in the evidence.',
        'Were they meant to go? Ask whoever wrote it. Yes: `reeve migrate acknowledge <run> --comment <why>`, and declare it in the next such migration.',
        'No: stop the writers of these tables if you can, and get the rows out of a backup from before: `reeve backup list <target>`; `reeve drill <target> --runbook` prints the restore that worked last. Restore beside the original, never over it, and copy the rows back.',
        'Taking the migration back (`reeve migrate rollback`) brings back the schema, not the rows, and may discard what was written since: read its plan first.',
      ],
      afterwards:
        'It ends when a person acknowledges the loss (`reeve migrate acknowledge <run>`), who takes responsibility for it in the audit. It does not end by itself.',
      links: [
        'https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-PITR-RECOVERY',
        'https://www.mongodb.com/docs/manual/tutorial/backup-and-restore-tools/',
      ],
    },
  },
  migration_rollback_success_ratio: {
    alert: 'ReeveMigrationRollbackFailed',
    measured: 'Share of rollbacks that worked, of 90 days,',
    consequence: 'The way back of a migration does not lead back: the next one that goes wrong stays wrong.',
    runbook: {
      meaning:
        'A rollback was run, on the clone in the rehearsal of a plan that was applied or on the target itself, and afterwards the schema (on the clone: and the data) was not what it was before. On the target it may be between both versions.',
      steps: [
        scorecardStep('migration_rollback_success_ratio'),
        'Which one, and where? `reeve runs list --target <target> --pipeline migration`, then `reeve runs show <run>`: what differed before and after stands in the evidence.',
        'On the target: compare the schema with what the application needs now, and mend what is missing by a new migration. Half applied: see ReeveRemediationHalfApplied.',
        'On the clone only: the target is as it should be, and that migration has no way back. Write one that works before anything else is applied on top of it.',
      ],
      afterwards:
        'It ends when the failed rollback is older than the window (90 days), or with a window or bound of your own for this objective.',
      links: ['https://www.postgresql.org/docs/current/ddl-alter.html'],
    },
  },
} as const satisfies Readonly<Record<string, ObjectiveText>>;
