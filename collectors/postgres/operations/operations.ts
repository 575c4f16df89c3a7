import type { Operations } from '../../../src/sdk.ts';
import { createAccess, type PostgresOperationsInput } from './access.ts';
import { createBackups } from './backups/backups.ts';
import { adviseGrowth } from './growth/advise-growth.ts';
import { createIndexActions } from './index-actions.ts';
import { judgePlan } from './judge-plan.ts';
import { createMigrationAction } from './migrations/migration-action.ts';
import { createMigrationOperations, judgeMigrationPlan } from './migrations/migration-operations.ts';
import { checkQueries } from './queries/check-queries.ts';
import { createIndexAction } from './queries/create-index.ts';
import { checkRoles } from './role-check.ts';

/** What pipelines may ask of one PostgreSQL target. Connects to nothing yet; connections live as long as a call. */
export function createPostgresOperations(input: PostgresOperationsInput): Operations {
  const access = createAccess(input);
  return {
    actions: [...createIndexActions(access), createIndexAction(access), createMigrationAction(access)],
    identify: (signal) => access.identify(signal),
    check: (signal) => checkRoles(access, signal),
    judge: (plan) =>
      plan.action === 'apply_migration' ? judgeMigrationPlan(plan) : judgePlan(plan, input.log),
    migrations: createMigrationOperations(access),
    advise: async (pipeline, context) => (pipeline === 'storage_growth' ? adviseGrowth(access, context) : []),
    backups: createBackups(access),
    checkQueries: (request, context) => checkQueries(access, request, context),
    close: () => Promise.resolve(),
  };
}
