import type { DetailRow, OperationContext, PlanDraft, Refusal } from '../../../src/sdk.ts';
import { projectsOf } from '../config.ts';
import { type TablePatternRow, tablePatternsQuery } from '../queries/table-patterns.ts';
import { iso } from '../usage-reader.ts';
import { factNumber, factText, type Place } from './place.ts';
import { type TableUse, tableUse } from './predicates.ts';
import { nameText, parseName, type TableName, type TableResource } from './table-resource.ts';

export interface CostlyTable {
  readonly name: TableName;
  /** As in `us`. */
  readonly region: string;
  /** Processed by its queries in the last 7 days. */
  readonly bytes: number;
  readonly usd: number;
  readonly jobs: number;
  readonly problems: readonly string[];
  readonly row: DetailRow;
}

/** Tables whose layout costs, the dearest first, as the group `tables` found them last. */
export function costlyTables({ input, reading }: Place, subject: string | undefined): readonly CostlyTable[] {
  const isProject = projectsOf(input.options).some((project) => project === subject);
  return reading
    .details('costly_tables')
    .map((row): CostlyTable => {
      const { project, region, dataset, table, problems } = row;
      return {
        name: { project: String(project), dataset: String(dataset), table: String(table) },
        region: String(region),
        bytes: Number(row['processedBytes'] ?? 0),
        usd: Number(row['onDemandUsd'] ?? 0),
        jobs: Number(row['jobs'] ?? 0),
        problems: Array.isArray(problems) ? problems.map(String) : [],
        row,
      };
    })
    .filter(({ name }) => !isProject || name.project === subject)
    .toSorted((one, other) => other.bytes - one.bytes);
}

/** A pattern, with what it does with the table; undefined where its text does not tell. */
export interface SeenPattern {
  readonly row: TablePatternRow;
  readonly use: TableUse | undefined;
}

export interface TableScene {
  readonly name: TableName;
  readonly region: string;
  readonly table: TableResource;
  readonly patterns: readonly SeenPattern[];
  /** Patterns beyond the ones that were read. */
  readonly unread: number;
}

/** How far back what would fail is looked for. */
export const lookBackDays = 30;
const mostPatterns = 200;
const dayMs = 86_400_000;

/** Looks at a table, and at the queries of the last month that read it; by the collecting login. */
export async function readScene(
  { input, reading }: Place,
  { name, region }: Pick<CostlyTable, 'name' | 'region'>,
  signal: AbortSignal,
): Promise<TableScene | Refusal> {
  const table = await reading.api.table(name, signal);
  if (table === undefined)
    return { id: 'table_exists', text: `table ${nameText(name)} does not exist any more` };
  const now = input.clock.now();
  const rows: TablePatternRow[] = [];
  let unread = 0;
  for (const project of projectsOf(input.options)) {
    const { rows: own } = await reading.ask(
      tablePatternsQuery,
      { project, region },
      {
        from: iso(now - lookBackDays * dayMs),
        to: iso(now),
        project: name.project,
        dataset: name.dataset,
        table: name.table,
        limit: mostPatterns,
      },
      signal,
    );
    rows.push(...own);
    unread += Math.max(0, (own[0]?.all_patterns ?? 0) - own.length);
  }
  const columns = [...table.schema.fields.map((field) => field.name), '_PARTITIONTIME', '_PARTITIONDATE'];
  return {
    name,
    region,
    table,
    patterns: rows.map((row) => ({ row, use: tableUse(row.text ?? '', name, columns) })),
    unread,
  };
}

export function isScene(answer: TableScene | Refusal): answer is TableScene {
  return 'table' in answer;
}

/** The very table that the plan is about: its name, and the time of its creation. */
export function plannedTable(plan: Pick<PlanDraft, 'facts'>): {
  readonly name: TableName;
  readonly region: string;
  readonly creationTime: number;
} {
  const name = parseName(factText(plan, 'table'));
  if (name === undefined) throw new Error('the plan names no table');
  return { name, region: factText(plan, 'region'), creationTime: factNumber(plan, 'creationTime') ?? 0 };
}

/** What the plan keeps of the table. */
export function tableFacts({ name, region, table }: TableScene): {
  readonly table: string;
  readonly region: string;
  readonly creationTime: number;
} {
  return { table: nameText(name), region, creationTime: table.creationTime };
}

/** The patterns as evidence: without literals, and without users unless their names are wanted. */
export function keepPatterns(
  { input }: Place,
  { name, patterns, unread }: TableScene,
  { evidence }: Pick<OperationContext, 'evidence'>,
  shown: (pattern: SeenPattern) => Readonly<Record<string, string | boolean>>,
): void {
  evidence({
    kind: 'statistics',
    title: `queries of the last ${lookBackDays} days over ${nameText(name)}: ${patterns.length + unread} patterns`,
    body: {
      table: nameText(name),
      unread,
      patterns: patterns.slice(0, 50).map((pattern) => ({
        pattern: pattern.row.pattern,
        statement: pattern.row.statement,
        jobs: pattern.row.jobs,
        processedBytes: pattern.row.bytes,
        billedBytes: pattern.row.billed,
        ...(input.options.users === 'names' ? { user: pattern.row.user } : {}),
        ...shown(pattern),
      })),
    },
  });
}
