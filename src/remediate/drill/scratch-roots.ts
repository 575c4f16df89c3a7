import { keepEvidence } from '../evidence.ts';
import type { Parts } from '../parts.ts';

const title = 'restored below this folder';

/** Written down before anything is restored: the configuration may name another folder by the time somebody has to wipe it. */
export async function noteScratchRoot(parts: Parts, runId: string): Promise<string> {
  const root = parts.input.policy().scratch;
  await keepEvidence(parts, runId, { kind: 'act', title, body: { root } });
  return root;
}

/** Where a drill may have left something: the folder in force, and those of when it ran. */
export async function scratchRootsOf({ input, records }: Parts, runId: string): Promise<readonly string[]> {
  const noted = (await records.evidence(runId)).flatMap((evidence) => {
    const root = evidence.title === title ? evidence.body['root'] : undefined;
    return typeof root === 'string' ? [root] : [];
  });
  return [...new Set([input.policy().scratch, ...noted])];
}
