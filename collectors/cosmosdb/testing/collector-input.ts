import type { Clock, CollectorInput, Target } from '../../../src/sdk.ts';
import { Secret } from '../../../src/sdk.ts';
import type { AzureDouble } from '../../../tests/support/azure/azure.ts';
import { createMemoryHistory } from '../../../tests/support/engine-tests.ts';
import { createRecordingLog } from '../../../tests/support/recording-log.ts';
import { testSurroundings } from '../../../tests/support/surroundings.ts';
import type { CosmosdbOptions } from '../config.ts';
import { ReadBudget } from '../read-budget.ts';

/** For tests: a target with the cadences of the engine. */
export const target = {
  id: 'orders',
  engine: 'cosmosdb',
  intervalMs: 60_000,
  deadlineMs: 30_000,
  workload: 'oltp',
  labels: {},
  windowsMs: {},
  unusedAfterMs: 0,
  membersComplete: false,
  groups: {},
  maxSeries: 1_000,
} as const satisfies Target;

/** For tests: as the configuration has it unless told otherwise. */
export const scaling: CosmosdbOptions['scaling'] = {
  targetUtilization: 0.775,
  largestStep: 2,
  hotPartitionSkew: 2,
  coolDownUp: 3_600_000,
  coolDownDown: 86_400_000,
  prices: {},
};

export interface Surroundings {
  readonly clock?: Clock;
  /** What other targets of the subscription plan to read. */
  readonly budget?: ReadBudget;
  readonly groups?: Target['groups'];
}

/** For tests: what a collector is given. */
export function collectorInput(
  options: Partial<CosmosdbOptions>,
  { clock = quickClock, budget, groups = {} }: Surroundings = {},
): CollectorInput<CosmosdbOptions> {
  return {
    target: { ...target, groups },
    options: { cloud: 'public', maxContainers: 100, scaling, ...options },
    history: createMemoryHistory(),
    clock,
    random: () => 0,
    log: createRecordingLog(),
    applicationName: 'reeve/test',
    ...testSurroundings(budget === undefined ? {} : { shared: (_key, make) => adopt(budget, make) }),
  };
}

/** For tests: the options of a target that watches an account of the double. */
export function controlOf(azure: AzureDouble): Partial<CosmosdbOptions> {
  const { subscription, resourceGroup, name } = azure.account;
  const { tenant, clientId, secret } = azure.registration;
  return {
    account: { subscription, resourceGroup, name },
    identity: { clientSecret: { tenant, clientId, secret: new Secret(secret) } },
    endpoints: { arm: azure.url, authority: azure.url },
    ca: azure.caFile,
  };
}

const quickClock: Clock = {
  now: Date.now,
  monotonicMs: () => performance.now(),
  sleep: async () => undefined,
};

/** A budget in place of the one that would be made. */
function adopt<T>(budget: unknown, make: () => T): T {
  const made = make();
  if (made instanceof ReadBudget && budget instanceof ReadBudget) made.plan('others', budget.planned());
  return made;
}
