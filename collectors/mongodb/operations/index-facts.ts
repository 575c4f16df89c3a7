import { z } from 'zod';
import type { PlanDraft, TargetIdentity } from '../../../src/sdk.ts';

/** What a plan about an index must know again when it acts. */
const schema = z.object({
  database: z.string(),
  collection: z.string(),
  index: z.string(),
  /** Hash of fields and options. */
  shape: z.string(),
  /** The definition exactly as the server gave it, as JSON text: a store may change the order of keys in anything else. */
  definition: z.string(),
  documents: z.number().nullable(),
  /** What each member counted when it was planned; `since` in Unix milliseconds. */
  use: z.array(z.object({ member: z.string(), ops: z.number(), since: z.number() })),
  /** Who led each set. */
  primaries: z.array(z.string()),
});

export type IndexFacts = z.infer<typeof schema>;

/** @throws {Error} when the plan is not about an index of MongoDB. */
export function indexFacts({ facts }: Pick<PlanDraft, 'facts'>): IndexFacts {
  return schema.parse(facts);
}

/** Only a replica set and a cluster agree on the end of a build. */
export function isReplicated({ deployment }: TargetIdentity): boolean {
  return deployment !== 'standalone';
}
