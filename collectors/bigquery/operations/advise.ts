import type { EvidenceDraft, OperationContext, PipelineId } from '../../../src/sdk.ts';
import { adviseBackups } from '../backups/backup-operations.ts';
import { adviseFeeds } from './advise-feeds.ts';
import { adviseGrowth } from './advise-growth.ts';
import { adviseLayout } from './advise-layout.ts';
import { advisePatterns } from './advise-patterns.ts';
import type { Place } from './place.ts';

type Adviser = (place: Place, context: OperationContext) => Promise<readonly EvidenceDraft[]>;

/** By pipeline, most important first. */
const advisers: Readonly<Partial<Record<PipelineId, readonly Adviser[]>>> = {
  warehouse: [advisePatterns, adviseLayout, adviseFeeds],
  query_optimisation: [advisePatterns],
  storage_growth: [adviseGrowth],
  backup: [adviseBackups],
};

/** Advice with the numbers behind it; what could not be read is said and keeps nothing else away. */
export async function adviseAll(
  place: Place,
  pipeline: PipelineId,
  context: OperationContext,
): Promise<readonly EvidenceDraft[]> {
  const advice: EvidenceDraft[] = [];
  for (const adviser of advisers[pipeline] ?? []) advice.push(...(await adviser(place, context)));
  return advice;
}
