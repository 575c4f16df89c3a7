import { z } from 'zod';
import type { Inspection, PlanDraft } from '../../../src/sdk.ts';
import { inspectBuilt, type PlannedIndex } from './inspect-index.ts';
import { type CollectionSight, sightsOf } from './sightings.ts';

/** What the plan of a new index must know again, beside what it knows of any index. */
const querySchema = z.object({
  collection: z.string(),
  equality: z.array(z.string()),
  sort: z.array(z.object({ field: z.string(), direction: z.union([z.literal(1), z.literal(-1)]) })),
  range: z.array(z.string()),
  limit: z.number(),
});

/** The query that an index is for. @throws {Error} for another plan. */
export function queryOf({ facts }: Pick<PlanDraft, 'facts'>): z.infer<typeof querySchema> {
  return querySchema.parse(facts['query']);
}

/** The server adds the collation of the collection to an index: fields and name tell ours. */
export function inspectByKey(
  sight: CollectionSight,
  planned: PlannedIndex & { readonly definition?: string },
): Inspection {
  const [first] = sightsOf(sight, planned.index).seen;
  const { definition } = planned;
  if (first === undefined || definition === undefined) return inspectBuilt(sight, planned);
  const parsed: unknown = JSON.parse(definition);
  const key: unknown = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'key') : undefined;
  const isOurs =
    JSON.stringify(key) === JSON.stringify(first.seen.raw['key']) && !first.seen.spec.flags.has('hidden');
  return inspectBuilt(
    sight,
    isOurs ? { ...planned, shape: first.seen.spec.shape } : { ...planned, shape: '' },
  );
}
