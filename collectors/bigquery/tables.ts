import type { DetailRow } from '../../src/sdk.ts';
import type { RegionReading } from './each-region.ts';
import { bytesUsd } from './pricing.ts';
import { costlyTablesQuery, partitionFilterQuery, tableLayoutQuery } from './queries/costly-tables.ts';
import { recommendationsQuery } from './queries/recommendations.ts';
import { iso } from './usage-reader.ts';

const weekMs = 7 * 86_400_000;
const mostRecommendations = 200;
const longestText = 300;

interface Problems {
  readonly unpartitioned: boolean;
  readonly no_partition_filter: boolean;
  readonly unclustered: boolean;
}

const problemNames = ['unpartitioned', 'no_partition_filter', 'unclustered'] as const;

/** Tables whose layout makes queries dear, among those whose queries processed most in a week. */
export async function readTables({ input, runner, scope, context }: RegionReading): Promise<void> {
  const { signal, now } = context;
  const { rows } = await runner.ask(
    costlyTablesQuery,
    scope,
    { from: iso(now - weekMs), to: iso(now), project: scope.project, limit: input.options.top },
    signal,
  );
  const tables = rows.map(({ dataset, table_name: table }) => `${dataset}.${table}`);
  const known = tables.length === 0 ? new Map<string, Problems>() : await layouts();
  const candidates = rows.flatMap((row, index) => {
    const problems = known.get(tables[index] ?? '');
    // A view, or a table that is gone by now.
    return problems === undefined ? [] : [{ row, problems }];
  });
  for (const problem of problemNames) {
    const count = candidates.filter(({ problems }) => problems[problem]).length;
    context.record('costlyTables', count, { ...scope, problem });
  }
  context.detail(
    'costly_tables',
    candidates.map(
      ({ row, problems }): DetailRow => ({
        ...scope,
        dataset: row.dataset,
        table: row.table_name,
        jobs: row.jobs,
        processedBytes: row.bytes,
        onDemandUsd: bytesUsd(row.bytes, input.options.pricing),
        slotSeconds: row.slot_ms / 1_000,
        problems: problemNames.filter((name) => problems[name]),
      }),
    ),
  );
  context.truncate(Math.max(0, (rows[0]?.all_tables ?? 0) - rows.length));

  async function layouts(): Promise<Map<string, Problems>> {
    const layout = await runner.ask(tableLayoutQuery, scope, { tables }, signal);
    const filters = await runner.ask(partitionFilterQuery, scope, { tables }, signal);
    const filtered = new Set(
      filters.rows.flatMap(({ dataset, table_name: table, value }) =>
        /true/i.test(value) ? [`${dataset}.${table}`] : [],
      ),
    );
    return new Map(
      layout.rows.map(({ dataset, table_name: table, is_partitioned, is_clustered }) => {
        const name = `${dataset}.${table}`;
        const noFilter = is_partitioned && !filtered.has(name);
        return [
          name,
          { unpartitioned: !is_partitioned, no_partition_filter: noFilter, unclustered: !is_clustered },
        ];
      }),
    );
  }
}

/** What BigQuery itself recommends. */
export async function readRecommendations({ input, runner, scope, context }: RegionReading): Promise<void> {
  const { rows } = await runner.ask(
    recommendationsQuery,
    scope,
    { limit: mostRecommendations },
    context.signal,
  );
  const byRecommender = Map.groupBy(rows, ({ recommender }) => recommender);
  for (const [recommender, those] of byRecommender) {
    context.record('recommendations', those.length, { ...scope, recommender });
    const saved = those.flatMap(({ bytes_saved: bytes }) => (bytes === null ? [] : [bytes]));
    const usd =
      saved.length === 0
        ? undefined
        : bytesUsd(
            saved.reduce((sum, bytes) => sum + bytes, 0),
            input.options.pricing,
          );
    context.record('recommendedSavingsUsd', usd, { ...scope, recommender });
  }
  context.detail(
    'recommendations',
    rows.map(
      ({
        recommender,
        subtype,
        description,
        resources,
        bytes_saved: bytes,
        slot_ms_saved: slotMs,
      }): DetailRow => ({
        ...scope,
        recommender,
        subtype,
        description: description.slice(0, longestText),
        resources: typeof resources === 'string' ? [resources] : (resources ?? []),
        savedBytesPerMonth: bytes,
        savedSlotSecondsPerMonth: slotMs === null ? null : slotMs / 1_000,
      }),
    ),
  );
  if (rows.length === mostRecommendations) context.truncate(1);
}
