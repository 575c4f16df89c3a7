import { type Deployment, startReplicaSet } from '../../../../tests/support/mongod/deployment.ts';
import { LeapingClock, logins, type Stage, stageOn, unusedRow } from './stage.ts';

/** A replica set with an index that nobody uses. For tests. */
export async function shopWith(
  options: Readonly<Record<string, unknown>> = {},
  name = 'customer_1',
): Promise<{ deployment: Deployment; clock: LeapingClock } & AsyncDisposable> {
  const clock = new LeapingClock();
  const deployment = await startReplicaSet({
    users: logins,
    clock,
    databases: {
      shop: {
        orders: {
          documents: 1_000,
          indexes: [{ key: { customer: 1, day: -1 }, name, options }, { key: { status: 1 } }],
        },
      },
    },
  });
  return { deployment, clock, [Symbol.asyncDispose]: () => deployment[Symbol.asyncDispose]() };
}

export function stageFor(deployment: Deployment, clock: LeapingClock): Stage {
  return stageOn(deployment, { clock, indexes: [unusedRow('orders', 'customer_1')] });
}

/** By member. */
export function hiddenOn(deployment: Deployment, index = 'customer_1'): readonly boolean[] {
  const collection = deployment.collection('shop.orders');
  return deployment.set.members.map((member) =>
    member.indexesOf(collection).some(({ spec }) => spec['name'] === index && spec['hidden'] === true),
  );
}
