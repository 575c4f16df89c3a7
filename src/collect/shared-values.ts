import type { CollectorInput } from '../core/engine.ts';

/** What the collectors of one engine share: each value made by the first that asks for its key. */
export function createShared(): CollectorInput['shared'] {
  const made = new Map<string, unknown>();
  return <T>(key: string, make: () => T): T => {
    if (!made.has(key)) made.set(key, make());
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- within one engine a key has one kind of value
    return made.get(key) as T;
  };
}
