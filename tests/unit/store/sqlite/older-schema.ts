import type { DatabaseSync } from 'node:sqlite';

/** What takes each version of the schema back to the one before. */
const back = [
  { version: 2, sql: 'ALTER TABLE seen_scope DROP COLUMN last_at' },
  { version: 3, sql: 'DROP TABLE target_memory' },
  {
    version: 4,
    sql: `DROP TABLE objective_state; DROP TABLE breach; DROP TABLE objective_event; DROP TABLE alert_delivery;
      DROP TABLE daily_series; DROP TABLE daily_value`,
  },
  {
    version: 5,
    sql: `DROP TABLE remediation_run; DROP TABLE remediation_plan; DROP TABLE remediation_approval;
      DROP TABLE remediation_evidence; DROP TABLE remediation_act; DROP TABLE remediation_disabled;
      DROP TABLE remediation_pause; DROP TABLE remediation_lease; DROP TABLE remediation_audit;
      DROP TABLE remediation_audit_head`,
  },
  { version: 6, sql: 'DROP TABLE proof' },
] as const;

/** Makes the store one that an older version of Reeve left behind. */
export function takeBackTo(version: number, database: DatabaseSync): void {
  for (const step of back.toReversed()) if (step.version > version) database.exec(step.sql);
  database.prepare('DELETE FROM schema_migration WHERE version > ?').run(version);
}
