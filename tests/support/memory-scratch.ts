import { type Scratch, ScratchRefused } from '../../src/remediate/drill/scratch.ts';

/** Scratch without a disk. */
export interface MemoryScratch extends Scratch {
  /** Folders that stand there now, by name. */
  readonly folders: Set<string>;
  /** How often one was made. */
  made: number;
  /** Why nothing may be restored there, while it is set. */
  refusal: string | undefined;
  /** Error of every wipe while it is set. */
  wipeFault: string | undefined;
  free: number | undefined;
}

export function createMemoryScratch(): MemoryScratch {
  /** Where they were made; those that a test put there stand below every root. */
  const roots = new Map<string, string>();
  const isBelow = (root: string, name: string): boolean =>
    scratch.folders.has(name) && (roots.get(name) ?? root) === root;
  const scratch: MemoryScratch = {
    folders: new Set(),
    made: 0,
    refusal: undefined,
    wipeFault: undefined,
    free: 10 * 1024 ** 3,
    async make(root, name) {
      if (scratch.refusal !== undefined) throw new ScratchRefused(scratch.refusal);
      if (scratch.folders.has(name)) throw new Error(`EEXIST: ${name}`);
      scratch.folders.add(name);
      roots.set(name, root);
      scratch.made += 1;
      return `${root}/${name}`;
    },
    find: async (root, name) => (isBelow(root, name) ? `${root}/${name}` : undefined),
    async wipe(root, name) {
      if (scratch.wipeFault !== undefined) throw new Error(scratch.wipeFault);
      if (!isBelow(root, name)) return;
      scratch.folders.delete(name);
      roots.delete(name);
    },
    names: async (root) => [...scratch.folders].filter((name) => isBelow(root, name)),
    freeBytes: async () => scratch.free,
  };
  return scratch;
}
