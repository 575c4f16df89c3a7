import type { ArmClient } from '../../arm-client.ts';
import { type ContainerNow, readContainer } from './container-resource.ts';
import { isAsWished, type Wishes } from './container-state.ts';

/** By `wishKey`: every container that files speak of, as it is. */
export type Survey = ReadonlyMap<string, ContainerNow | undefined>;

export async function survey(arm: ArmClient, wishes: Wishes, signal: AbortSignal): Promise<Survey> {
  const found = new Map<string, ContainerNow | undefined>();
  for (const [key, wish] of wishes) found.set(key, await readContainer(arm, wish, signal));
  return found;
}

/** Whether every container that is spoken of is as it is said. */
export function matches(found: Survey, wishes: Wishes): boolean {
  return [...wishes].every(([key, wish]) => isAsWished(found.get(key)?.policies, wish));
}

/** Those that are not, for people. */
export function differences(found: Survey, wishes: Wishes): readonly string[] {
  return [...wishes]
    .filter(([key, wish]) => !isAsWished(found.get(key)?.policies, wish))
    .map(([key, { exists }]) =>
      found.get(key) === undefined
        ? `${key} is not there`
        : exists
          ? `${key} has other policies`
          : `${key} is there`,
    );
}
