import type { Memory } from '../core/ports/memory.ts';
import type { Store } from '../core/ports/store.ts';
import { createMemoryHistory } from './memory-history.ts';
import { createMemoryObjectiveRecords } from './memory-objective-records.ts';
import { createMemoryProofRecords } from './memory-proof-records.ts';
import { createMemoryRemediationRecords } from './memory-remediation-records.ts';
import { checkValue } from './memory-value.ts';

/** A store that starts empty and is forgotten at the end: for commands that take a reading, and for tests. */
export function createForgetfulStore(): Store {
  const memories = new Map<string, Memory>();
  return {
    history: createMemoryHistory(),
    memory(target) {
      const memory = memories.get(target) ?? createForgetfulMemory();
      memories.set(target, memory);
      return memory;
    },
    objectives: createMemoryObjectiveRecords(),
    remediation: createMemoryRemediationRecords(),
    proofs: createMemoryProofRecords(),
    close: () => Promise.resolve(),
  };
}

export function createForgetfulMemory(): Memory {
  const values = new Map<string, string>();
  return {
    read: (key) => values.get(key),
    write(key, value) {
      checkValue(key, value);
      values.set(key, value);
    },
  };
}
