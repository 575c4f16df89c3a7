import type {
  Act,
  ActContext,
  Action,
  ActOutcome,
  Candidate,
  FindRequest,
  Inspection,
  OperationContext,
  Plan,
  PlanDraft,
  Refusal,
  Rehearsal,
} from '../../../src/sdk.ts';
import { factText, identifyPlace, noCounters, type Place, refusedOutcome, simulated } from './place.ts';
import {
  nameText,
  parseName,
  partitionColumn,
  type TableName,
  type TableResource,
} from './table-resource.ts';
import {
  costlyTables,
  isScene,
  keepPatterns,
  lookBackDays,
  plannedTable,
  readScene,
  type SeenPattern,
  type TableScene,
  tableFacts,
} from './table-scene.ts';

const actionId = 'require_partition_filter';
/** So many patterns that would fail are named in a refusal. */
const mostNamed = 5;

/** Has BigQuery refuse queries of a partitioned table that filter on no partition: they read, and bill, all of it. */
export function requirePartitionFilter(place: Place): Action {
  return {
    id: actionId,
    pipeline: 'warehouse',
    summary: 'Has BigQuery refuse queries of a partitioned table that do not filter on its partitions.',
    undoKind: 'immediate',
    changelog: 'optimisations',
    rehearsal: 'impossible',
    find: async (request, context) => findTables(place, request, context),
    plan: async (candidate, context) => {
      const name = parseName(factText(candidate, 'table'));
      if (name === undefined) return { id: 'table_exists', text: 'the candidate names no table' };
      const scene = await readScene(place, { name, region: factText(candidate, 'region') }, context.signal);
      if (!isScene(scene)) return scene;
      keepPatterns(place, scene, context, (pattern) => ({ verdict: faultOf(scene, pattern) ?? 'goes on' }));
      const [refusal] = objections(place, scene);
      return refusal ?? compose(place, scene, context);
    },
    rehearse: (draft, context) => simulateFilter(place, draft, context),
    recheck: async (plan, { signal }) => {
      const { name, region, creationTime } = plannedTable(plan);
      const scene = await readScene(place, { name, region }, signal);
      if (!isScene(scene)) return [scene];
      if (scene.table.creationTime !== creationTime) return [replaced(name)];
      return objections(place, scene);
    },
    inspect: async (plan, _, { signal }) =>
      inspectFilter(plan, await place.reading.api.table(plannedTable(plan).name, signal)),
    apply: (plan, act, context) => change(place, { plan, act, wanted: true, context }),
    undo: (plan, act, context) => change(place, { plan, act, wanted: false, context }),
    counters: async () => noCounters(place),
  };
}

function findTables(
  place: Place,
  { subject, only, limit }: FindRequest,
  { evidence }: OperationContext,
): readonly Candidate[] {
  const found = costlyTables(place, subject).filter(({ problems }) =>
    problems.includes('no_partition_filter'),
  );
  if (found.length > 0)
    evidence({
      kind: 'statistics',
      title: `partitioned tables that may be read as a whole: ${found.length}`,
      body: {
        tables: found.map(({ name, bytes, usd, jobs }) => ({
          table: nameText(name),
          processedBytes7d: bytes,
          onDemandUsd7d: usd,
          jobs7d: jobs,
        })),
      },
    });
  return found
    .map(({ name, region, bytes, usd }) => ({
      action: actionId,
      subject: nameText(name),
      title: `require a partition filter on ${nameText(name)}, whose queries processed ${gib(bytes)} (${usd.toFixed(2)} USD) in 7 days`,
      facts: { table: nameText(name), region },
    }))
    .filter((candidate) => only === undefined || candidate.subject === only)
    .slice(0, limit);
}

async function simulateFilter(
  place: Place,
  draft: PlanDraft,
  { signal }: OperationContext,
): Promise<Rehearsal> {
  const { name, region } = plannedTable(draft);
  const scene = await readScene(place, { name, region }, signal);
  const refusals = isScene(scene) ? objections(place, scene) : [scene];
  const figures = isScene(scene) ? totals(scene) : {};
  const text = refusals.map((refusal) => refusal.text).join('; ');
  return refusals.length > 0
    ? {
        ...simulated(`by the queries of the last ${lookBackDays} days: ${text}`, figures),
        verdict: 'failed',
      }
    : simulated(
        `simulated from history, for it cannot be rehearsed: all queries of the last ${lookBackDays} days filter on the partitions and would go on`,
        figures,
      );
}

function replaced(name: TableName): Refusal {
  return { id: 'same_table', text: `${nameText(name)} is another table than the one that was planned for` };
}

function objections({ input }: Place, scene: TableScene): readonly Refusal[] {
  const { name, table, patterns, unread } = scene;
  const text = nameText(name);
  if (table.type !== 'TABLE') return [{ id: 'is_table', text: `${text} is no table but a ${table.type}` }];
  if (partitionColumn(table) === undefined)
    return [{ id: 'is_partitioned', text: `${text} is not partitioned: there is no partition to filter on` }];
  if (table.requirePartitionFilter)
    return [{ id: 'not_done_yet', text: `${text} requires a partition filter already` }];
  const failing = patterns.flatMap((pattern) => {
    const fault = faultOf(scene, pattern);
    return fault === undefined ? [] : [{ pattern, fault }];
  });
  if (failing.length === 0 && unread === 0) return [];
  const jobs = failing.reduce((sum, { pattern }) => sum + pattern.row.jobs, 0);
  const named = failing.slice(0, mostNamed).map(({ pattern: { row }, fault }) => {
    const user = input.options.users === 'names' && row.user !== '' ? ` of ${row.user}` : '';
    return `${row.pattern}${user} (${row.jobs} jobs): ${fault}`;
  });
  const more = failing.length > mostNamed ? [`and ${failing.length - mostNamed} more patterns`] : [];
  const beyond = unread > 0 ? [`${unread} more patterns were not looked at`] : [];
  return [
    {
      id: 'queries_would_fail',
      text: `${jobs} queries of ${text} in the last ${lookBackDays} days would fail now, or cannot be told: ${[...named, ...more, ...beyond].join('; ')}; have them filter on ${partitionColumn(table) ?? ''} first`,
    },
  ];
}

/** Why a pattern would fail; undefined when it filters on the partitions wherever it names the table. */
function faultOf({ table }: TableScene, { use }: SeenPattern): string | undefined {
  if (use === undefined) return 'its text does not name the table (a view?), so that nobody can tell';
  const columns = (
    table.timePartitioning !== undefined && table.timePartitioning.field === undefined
      ? ['_partitiontime', '_partitiondate']
      : [partitionColumn(table) ?? '']
  ).map((column) => column.toLowerCase());
  const isFiltered = use.references.every((predicates) =>
    predicates.some(({ column, prunes }) => prunes && columns.includes(column)),
  );
  return isFiltered ? undefined : `no filter on ${columns[0] ?? ''} that leaves out partitions`;
}

function totals({ patterns }: TableScene): Readonly<Record<string, number>> {
  return {
    patterns: patterns.length,
    jobs: patterns.reduce((sum, { row }) => sum + row.jobs, 0),
    processedBytes: patterns.reduce((sum, { row }) => sum + row.bytes, 0),
    wouldFail: 0,
  };
}

async function compose(place: Place, scene: TableScene, { signal }: OperationContext): Promise<PlanDraft> {
  const { input } = place;
  const { name, table } = scene;
  const text = nameText(name);
  const column = partitionColumn(table) ?? '';
  const { jobs } = totals(scene);
  return {
    target: input.target.id,
    engine: 'bigquery',
    pipeline: 'warehouse',
    action: actionId,
    identity: await identifyPlace(place, signal),
    subject: text,
    title: `require a filter on ${column} in queries of ${text}`,
    acts: [
      {
        id: 'require',
        summary: `${text}: requirePartitionFilter true`,
        statement: statementOf(name, true),
        undo: [statementOf(name, false)],
        undoKind: 'immediate',
        locks: 'none: a change of metadata, if the table is unchanged since it was looked at (If-Match)',
      },
    ],
    preconditions: [
      { id: 'queries_would_fail', text: `no query of the last ${lookBackDays} days would fail` },
      { id: 'same_table', text: 'it is still the table that was planned for' },
    ],
    blastRadius: { objects: [text], bytes: table.numBytes, locks: [], estimatedMs: 1_000 },
    cost: 'nothing: metadata only. Each check of the queries is billed for 10 MiB or little more',
    expectation: {
      kind: 'in_force',
      byAtLeast: 0,
      text: `queries of ${text} without a filter on ${column} are refused`,
    },
    exclusive: [text],
    warnings: [
      `queries that nobody ran in the last ${lookBackDays} days (${jobs} did run) are refused when they lack the filter: reports of a quarter or a year, tools that browse tables`,
      'queries of projects that are not watched (project, projects) were not looked at',
    ],
    facts: { ...tableFacts(scene), column },
  };
}

function statementOf(name: TableName, isRequired: boolean): string {
  return JSON.stringify({
    method: 'PATCH',
    table: nameText(name),
    body: { requirePartitionFilter: isRequired },
    ifMatch: 'the etag read right before',
  });
}

function inspectFilter(plan: PlanDraft, table: TableResource | undefined): Inspection {
  const { name, creationTime } = plannedTable(plan);
  if (table === undefined) return { state: 'other', detail: `${nameText(name)} is gone` };
  if (table.creationTime !== creationTime) return { state: 'other', detail: replaced(name).text };
  return table.requirePartitionFilter
    ? { state: 'done', detail: `${nameText(name)} requires a partition filter` }
    : { state: 'pending', detail: `${nameText(name)} does not require a partition filter` };
}

interface Change {
  readonly plan: Plan;
  readonly act: Act;
  readonly wanted: boolean;
  readonly context: ActContext;
}

/** Looks and changes by the login that acts; between the two nobody else can, or it is not done. */
async function change({ acting }: Place, { plan, wanted, context }: Change): Promise<ActOutcome> {
  const { name } = plannedTable(plan);
  try {
    const table = await acting.table(name, context.signal);
    const found = inspectFilter(plan, table);
    if (found.state === 'other' || table === undefined) return { result: 'refused', detail: found.detail };
    if (found.state === (wanted ? 'done' : 'pending')) return { result: 'already', detail: found.detail };
    await context.assertHeld();
    const body = { requirePartitionFilter: wanted };
    const after = await acting.patch(name, body, table.etag, context.signal);
    const { detail } = inspectFilter(plan, after);
    context.evidence({
      kind: 'act',
      title: detail,
      body: { ...body, before: table.etag, after: after.etag },
    });
    return after.requirePartitionFilter === wanted
      ? { result: 'done', detail }
      : { result: 'failed', detail: `BigQuery answered, and ${detail}` };
  } catch (thrown) {
    context.signal.throwIfAborted();
    return refusedOutcome(thrown);
  }
}

export function gib(bytes: number): string {
  const value = bytes / 1024 ** 3;
  return value >= 1024 ? `${(value / 1024).toFixed(2)} TiB` : `${value.toFixed(2)} GiB`;
}
