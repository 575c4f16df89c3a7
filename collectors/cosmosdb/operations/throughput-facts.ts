import { z } from 'zod';
import { CollectError, type JsonObject } from '../../../src/sdk.ts';

const factsSchema = z.object({
  database: z.string(),
  container: z.string(),
  databases: z.string(),
  containers: z.string(),
  kind: z.enum(['manual', 'autoscale']),
  /** RU/s before and after. */
  old: z.number(),
  wanted: z.number(),
  splits: z.boolean(),
});

/** What a plan of this pipeline must know again when it acts. */
export type ThroughputFacts = z.infer<typeof factsSchema>;

/** @throws {CollectError} `malformed` for a plan of another action. */
export function throughputFacts({ facts }: { readonly facts: JsonObject }): ThroughputFacts {
  const read = factsSchema.safeParse(facts);
  if (read.success) return read.data;
  throw new CollectError('malformed', 'the plan does not say which throughput it is about');
}

/** Body of a PUT of throughput settings. */
export function settingsBody(kind: ThroughputFacts['kind'], perSecond: number): JsonObject {
  const resource =
    kind === 'manual' ? { throughput: perSecond } : { autoscaleSettings: { maxThroughput: perSecond } };
  return { properties: { resource } };
}
