import type { MigrationTool } from '../core/remediation/migrations.ts';
import type { DecisionOptions } from './decision-output.ts';

/** Options of every command of `reeve migrate`. */
export interface MigrateOptions extends DecisionOptions {
  readonly target: string;
  readonly tool?: MigrationTool;
}
