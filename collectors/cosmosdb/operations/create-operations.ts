import type { Operations } from '../../../src/sdk.ts';
import { Access } from './access.ts';
import { advise } from './advise.ts';
import { createBackupOperations } from './backups.ts';
import { checkActing } from './check-acting.ts';
import type { CosmosdbOperationsInput } from './input.ts';
import {
  createMigrationAction,
  createMigrationOperations,
  judgeMigrationPlan,
} from './migrations/migration-action.ts';
import { createScaleActions } from './scale-actions.ts';

/** What may be done to a Cosmos DB account, through Azure Resource Manager. Connects to nothing yet. */
export function createCosmosdbOperations(input: CosmosdbOperationsInput): Operations {
  const { account, resourceId } = input.options;
  if (account === undefined && resourceId === undefined) return withKeyOnly(input);
  const access = new Access(input);
  return {
    actions: [...createScaleActions(access), createMigrationAction(access)],
    identify: async (signal) => {
      const arm = input.credentials === undefined ? access.reading() : access.acting().arm;
      return (await access.look(signal, arm)).identity;
    },
    check: (signal) => checkActing(access, signal),
    judge: async (plan) => (plan.action === 'apply_migration' ? judgeMigrationPlan(plan) : []),
    migrations: createMigrationOperations(access),
    advise: (pipeline, context) => advise(access, pipeline, context),
    backups: createBackupOperations(access),
    close: async () => access.close(),
  };
}

/** A key reads and writes documents; throughput is changed through the control plane only. */
function withKeyOnly({ options, target }: CosmosdbOperationsInput): Operations {
  const endpoint = options.endpoint ?? 'the endpoint of connectionString';
  return {
    actions: [],
    identify: async () => ({ endpoint }),
    check: async () => [
      {
        severity: 'advice',
        subject: '',
        message: `target "${target.id}" is watched with a key: nothing is ever changed on it`,
        remedy: '# give `account` or `resourceId` and an identity instead of the key',
        groups: [],
      },
    ],
    close: async () => undefined,
  };
}
