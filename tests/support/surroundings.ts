import type { CollectorInput } from '../../src/core/engine.ts';
import { createForgetfulMemory } from '../../src/store/forgetful-store.ts';

type Surroundings = Pick<CollectorInput, 'background' | 'memory' | 'shared' | 'conceal'>;

/** What a collector finds around it, for one that is made by hand: turns at once, a memory and things to share of its own. */
export function testSurroundings(overrides: Partial<Surroundings> = {}): Surroundings {
  const made = new Map<string, unknown>();
  return {
    background: { turn: (work) => work() },
    memory: createForgetfulMemory(),
    shared: <T>(key: string, make: () => T): T => {
      if (!made.has(key)) made.set(key, make());
      // Whoever gave the key gave what makes its value.
      return made.get(key) as T;
    },
    conceal: () => undefined,
    ...overrides,
  };
}
