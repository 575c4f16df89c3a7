import { z } from 'zod';
import type { JsonObject, PlanDraft } from '../../../src/sdk.ts';

/** What the index actions know of an index when they planned, kept in the plan (so it is part of its hash) and read back when they act. */
export const indexFacts = z.object({
  database: z.string(),
  databaseOid: z.string(),
  /** Unix time in seconds: tells a clone from the server itself, for as long as neither restarts. */
  serverStartedAt: z.number(),
  oid: z.string(),
  schema: z.string(),
  name: z.string(),
  table: z.string(),
  tableOid: z.string(),
  tableRows: z.number(),
  bytes: z.number(),
  /** As `IndexState.state`. */
  state: z.enum(['valid', 'invalid', 'failed_build', 'dead']),
  definition: z.string(),
  comment: z.string().nullable(),
  tablespace: z.string().nullable(),
  scans: z.number(),
  /** Oid and definition of the index that stays; null unless this one is its duplicate. */
  twin: z.object({ oid: z.string(), name: z.string(), definition: z.string() }).nullable(),
  /** Since when every member is watched, Unix time in milliseconds; null where no proof of non-use is needed. */
  watchedSince: z.number().nullable(),
  /** What each member had counted when it was planned. */
  members: z.array(z.object({ member: z.string(), scans: z.number(), at: z.number() })),
});

export type IndexFacts = z.infer<typeof indexFacts>;

/** @throws {Error} for a plan that another version made otherwise. */
export function factsOf(plan: Pick<PlanDraft, 'facts'>): IndexFacts {
  return indexFacts.parse(plan.facts);
}

/** Zod's objects are JSON here: nothing optional, no dates. */
export function factsAsJson(facts: IndexFacts): JsonObject {
  return {
    ...facts,
    twin: facts.twin === null ? null : { ...facts.twin },
    members: facts.members.map((each) => ({ ...each })),
  };
}
