import type { EvidenceDraft, OperationContext } from '../../../src/sdk.ts';
import { bytesUsd } from '../pricing.ts';
import { proposeLayout } from './layout.ts';
import { gib } from './partition-filter.ts';
import type { Place } from './place.ts';
import { nameText, partitionColumn } from './table-resource.ts';
import {
  type CostlyTable,
  costlyTables,
  isScene,
  lookBackDays,
  readScene,
  type TableScene,
} from './table-scene.ts';

const mostTables = 5;
const yearMs = 365 * 86_400_000;

/** Partitions, clusters and expiry of the tables that cost most, from the filters that their queries have. */
export async function adviseLayout(
  place: Place,
  { signal }: OperationContext,
): Promise<readonly EvidenceDraft[]> {
  const advice: EvidenceDraft[] = [];
  for (const costly of costlyTables(place, undefined).slice(0, mostTables)) {
    const scene = await readScene(place, costly, signal);
    if (isScene(scene) && scene.table.type === 'TABLE') advice.push(...adviseTable(place, costly, scene));
  }
  return advice;
}

function adviseTable({ input }: Place, costly: CostlyTable, scene: TableScene): readonly EvidenceDraft[] {
  const { name, table, patterns } = scene;
  const text = nameText(name);
  const { pricing } = input.options;
  const column = partitionColumn(table);
  const layout = proposeLayout(table, patterns, 'DAY');
  const figures = {
    table: text,
    bytes: table.numBytes,
    rows: table.numRows,
    processedBytes7d: costly.bytes,
    usd7d: costly.usd,
    patterns: patterns.length,
    filters: layout.uses.map((use) => ({ ...use })),
  };
  const advice: EvidenceDraft[] = [];
  const clustered = table.clustering?.fields ?? [];
  if (column === undefined && layout.partition !== undefined)
    advice.push({
      kind: 'advice',
      title: `${text}: partition by ${layout.partition.expression}${layout.cluster.length === 0 ? '' : ` and cluster by ${layout.cluster.join(', ')}`}: queries with ${gib(layout.prunedBytes)} of ${gib(layout.allBytes)} in ${lookBackDays} days would leave out partitions`,
      body: {
        ...figures,
        partitionBy: layout.partition.expression,
        clusterBy: [...layout.cluster],
        prunedBytes: layout.prunedBytes,
        mostSavedUsd: bytesUsd(layout.prunedBytes, pricing),
        note: 'an upper bound: how much is left out depends on the range that each query asks for; the action copy_partitioned prices it by dry runs on the copy',
      },
    });
  if (column !== undefined && clustered.length === 0 && layout.cluster.length > 0)
    advice.push({
      kind: 'advice',
      title: `${text}: cluster by ${layout.cluster.join(', ')}, by which its queries compare`,
      body: {
        ...figures,
        clusterBy: [...layout.cluster],
        how: `bq update --clustering_fields=${layout.cluster.join(',')} ${name.project}:${name.dataset}.${name.table}`,
        note: 'rows that are there already are clustered only when they are rewritten',
      },
    });
  if (column === undefined && layout.partition === undefined && table.numBytes > 0)
    advice.push({
      kind: 'advice',
      title: `${text}: no filter of its queries would leave out partitions: have reports filter by a column of time, or read a smaller table that is made once a day`,
      body: figures,
    });
  const age = input.clock.now() - table.creationTime;
  if (column !== undefined && table.timePartitioning?.expirationMs === undefined && age > yearMs)
    advice.push({
      kind: 'advice',
      title: `${text}: its partitions never expire: ${gib(table.numBytes)} are kept; if old ones are not needed, say so yourself (Reeve deletes no data)`,
      body: { ...figures, how: `ALTER TABLE \`${text}\` SET OPTIONS (partition_expiration_days = <days>)` },
    });
  return advice;
}
