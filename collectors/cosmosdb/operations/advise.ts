import type { EvidenceDraft, OperationContext, Operations } from '../../../src/sdk.ts';
import type { MetricQuery } from '../metric-query.ts';
import { type Access, apiOf } from './access.ts';
import { adviseBackup } from './backups.ts';
import { readContainers } from './container-facts.ts';
import { sizesOf } from './container-sizes.ts';
import { growthAdvice, largestPartitions } from './growth-advice.ts';
import { layoutAdvice, type OperationUse } from './layout-advice.ts';

type Pipeline = Parameters<NonNullable<Operations['advise']>>[0];

const mostAdvices = 30;

/** What would help and is never done by Reeve: partition keys, consistency, expiry, indexing. Most important first. */
export async function advise(
  access: Access,
  pipeline: Pipeline,
  { signal }: OperationContext,
): Promise<readonly EvidenceDraft[]> {
  if (pipeline === 'backup') return adviseBackup(access, signal);
  if (pipeline !== 'throughput' && pipeline !== 'storage_growth') return [];
  const account = await access.look(signal);
  const containers = await readContainers(access.reading(), apiOf(account.facts), signal);
  const sizes = sizesOf(access.input.snapshot());
  if (pipeline === 'storage_growth') {
    const partitions = await largestPartitions(access, signal);
    return growthAdvice(containers, sizes, partitions).slice(0, mostAdvices);
  }
  const uses = await operationUses(access, signal);
  return layoutAdvice({ account, containers, sizes, uses, snapshot: access.input.snapshot() }).slice(
    0,
    mostAdvices,
  );
}

const operations: MetricQuery = {
  names: ['TotalRequestUnits'],
  aggregation: 'total',
  grain: 'PT1M',
  grainCount: 60,
  dimensions: ['DatabaseName', 'CollectionName', 'Region', 'OperationType'],
};

/** What the last settled hour was spent on. */
async function operationUses(access: Access, signal: AbortSignal): Promise<readonly OperationUse[]> {
  const nowMs = access.input.clock.now();
  const answer = await access.monitor().query(operations, nowMs, 'deferrable', signal);
  if (answer.cut.size > 0 || answer.unsplit.size > 0) return [];
  return (answer.series.get('TotalRequestUnits') ?? []).map(({ dimensions, points }) => ({
    ...access.spelling().place(dimensions),
    operation: dimensions.get('operationtype') ?? '',
    requestUnits: points.reduce((sum, { value }) => sum + value, 0),
  }));
}
