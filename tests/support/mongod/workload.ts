import type { Deployment } from './deployment.ts';

/**
 * Lets an invented workload run in real time on every data-bearing member of the deployment's set, and uses of the named indexes on its
 * primary: for the demo. Tests steer counters themselves.
 */
export function startWorkload(
  deployment: Deployment,
  {
    operationsPerSecond,
    indexes = [],
  }: { readonly operationsPerSecond: number; readonly indexes?: readonly UsedIndex[] },
): Disposable {
  const everyMs = 250;
  const work = (): void => {
    const operations = (operationsPerSecond * everyMs) / 1000;
    for (const member of deployment.set.members) {
      if (member.dataBearing) member.counters.work(member.state === 'PRIMARY' ? operations : operations / 4);
    }
    const primary = deployment.set.primary?.index;
    if (primary === undefined) return;
    for (const { namespace, name } of indexes) {
      const isThere = deployment.collection(namespace).indexes.has(name);
      if (isThere) deployment.use(namespace, name, Math.ceil(operations / indexes.length), primary);
    }
  };
  const timer = setInterval(work, everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

export interface UsedIndex {
  /** `database.collection`. */
  readonly namespace: string;
  readonly name: string;
}
