import type { Action, ActOutcome, Plan, Refusal } from '../../../src/sdk.ts';
import { isRefusal } from '../../../src/sdk.ts';
import type { AccountOptions, ContainerOptions, Load } from '../../../tests/support/azure/account-model.ts';
import { type AzureDouble, startAzure } from '../../../tests/support/azure/azure.ts';
import { createCosmosdbOperations } from '../operations/create-operations.ts';
import {
  cosmosdbOperationsInput,
  type OperationsSetup,
  planOf,
  SleepingClock,
  testContext,
} from './operations-input.ts';

const minute = 60_000;
/** In the middle of a minute. Tokens live by the clock of the machine, so that it is not far from now. */
export const begin = Math.floor(Date.now() / minute) * minute + 30_000;

export function busy(requestUnitsPerSecond: number, more: Partial<Load> = {}): Load {
  return { requestUnitsPerSecond, requestsPerSecond: requestUnitsPerSecond / 10, ...more };
}

/** For tests: one container `shop/orders` with 4,000 RU/s, or as given. */
export function accountOf(
  orders: Partial<ContainerOptions>,
  more: Partial<AccountOptions> = {},
): AccountOptions {
  const throughput = { kind: 'manual', requestUnits: 4_000 } as const;
  const limits = { minimum: 400, instantMaximum: 20_000 };
  return {
    name: 'double-scale',
    databases: [{ name: 'shop', containers: [{ name: 'orders', throughput, limits, ...orders }] }],
    ...more,
  };
}

/** For tests: one action on a double of Azure. */
export interface ScaleStage extends AsyncDisposable {
  readonly azure: AzureDouble;
  readonly clock: SleepingClock;
  readonly action: Action;
  /** Plans the change of `shop/orders`. */
  plan(subject?: string): Promise<Plan>;
  refusal(): Promise<Refusal>;
  apply(plan: Plan, context?: ReturnType<typeof testContext>): Promise<ActOutcome>;
  undo(plan: Plan): Promise<ActOutcome>;
  inspect(plan: Plan): Promise<string>;
  /** What `shop/orders` is set to. */
  throughput(): unknown;
}

export async function scaleStage(
  direction: 'up' | 'down',
  account: AccountOptions,
  more: Partial<OperationsSetup> = {},
): Promise<ScaleStage> {
  const clock = new SleepingClock(begin);
  const azure = await startAzure({ accounts: [account], now: () => clock.now() });
  const operations = createCosmosdbOperations(cosmosdbOperationsInput(azure, { clock, ...more }));
  const action = operations.actions.find(({ id }) => id === `scale_throughput_${direction}`);
  if (action === undefined) throw new Error('no such action');
  const draft = (subject = 'shop/orders'): ReturnType<Action['plan']> =>
    action.plan({ action: action.id, subject, title: '', facts: {} }, testContext());
  return {
    azure,
    clock,
    action,
    plan: async (subject) => planOf(await draft(subject)),
    refusal: async () => {
      const answer = await draft();
      if (isRefusal(answer)) return answer;
      throw new Error(`it was planned: ${answer.title}`);
    },
    apply: (plan, context = testContext()) => action.apply(plan, actOf(plan), context),
    undo: (plan) => action.undo(plan, actOf(plan), testContext()),
    inspect: async (plan) => (await action.inspect(plan, actOf(plan), testContext())).state,
    throughput: () => azure.account.container('shop', 'orders').settings.throughput,
    [Symbol.asyncDispose]: async () => {
      await operations.close();
      await azure[Symbol.asyncDispose]();
    },
  };
}

function actOf({ acts: [act] }: Plan) {
  if (act === undefined) throw new Error('the plan has no act');
  return act;
}
