import { createShared } from '../../src/collect/shared-values.ts';
import type { CollectorInput } from '../../src/core/engine.ts';
import { createForgetfulMemory } from '../../src/store/forgetful-store.ts';

type Surroundings = Pick<CollectorInput, 'background' | 'memory' | 'shared' | 'conceal'>;

/** What a collector finds around it, for one that is made by hand: turns at once, a memory and things to share of its own. */
export function testSurroundings(overrides: Partial<Surroundings> = {}): Surroundings {
  return {
    background: { turn: (work) => work() },
    memory: createForgetfulMemory(),
    shared: createShared(),
    conceal: () => undefined,
    ...overrides,
  };
}
