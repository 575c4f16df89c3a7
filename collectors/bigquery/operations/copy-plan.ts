import type { Act, JsonObject, OperationContext, PlanDraft, Refusal } from '../../../src/sdk.ts';
import { bytesUsd } from '../pricing.ts';
import { columnDefinition, type Layout, proposeLayout } from './layout.ts';
import { gib } from './partition-filter.ts';
import { identifyPlace, labelValue, type Place } from './place.ts';
import { namePath, nameText, type TableName } from './table-resource.ts';
import { keepPatterns, type TableScene, tableFacts } from './table-scene.ts';

export const copyActionId = 'copy_partitioned';
/** The snapshot outlives the time in which people swap the tables. */
const snapshotDays = 14;
/** A job is never billed for more than its dry run said, and this much more. */
const billingMargin = 1.1;

/** Names of what a run makes beside the table: unique, and by the run's label its own. */
function copyNames(
  name: TableName,
  runId: string,
): { readonly snapshot: TableName; readonly copy: TableName } {
  const suffix = runId.replace(/[^a-z0-9]/gi, '').slice(-12);
  return {
    snapshot: { ...name, table: `${name.table}_reeve_before_${suffix}` },
    copy: { ...name, table: `${name.table}_reeve_copy_${suffix}` },
  };
}

/** Why a table cannot be copied as it is. */
export async function copyObjections(
  { reading }: Place,
  { name, table }: TableScene,
  { signal }: Pick<OperationContext, 'signal'>,
): Promise<readonly Refusal[]> {
  const text = nameText(name);
  if (table.type !== 'TABLE') return [{ id: 'is_table', text: `${text} is no table but a ${table.type}` }];
  const isTagged = JSON.stringify(table.schema).includes('"policyTags":{"names"');
  if (isTagged)
    return [
      {
        id: 'no_policy_tags',
        text: `columns of ${text} have policy tags, which a copy by SQL would lose: copy it yourself`,
      },
    ];
  const policies = await reading.api.rowPolicies(name, signal);
  return policies === 0
    ? []
    : [
        {
          id: 'no_row_policies',
          text: `${text} has ${policies} row access policies: a copy would show rows to others, and lack those that the account may not see`,
        },
      ];
}

/** The layout that its queries ask for; a refusal where they ask for none. */
export function layoutOf({ name, table, patterns }: TableScene): Layout | Refusal {
  const layout = proposeLayout(table, patterns, 'DAY');
  if (layout.partition !== undefined) return layout;
  return {
    id: 'partition_column',
    text: `no column of time is filtered by in the queries of ${nameText(name)}, so that no partition would be left out: ${
      layout.uses.length === 0
        ? 'they filter by nothing'
        : `they filter by ${layout.uses.map(({ column }) => column).join(', ')}`
    }`,
  };
}

export function isLayout(answer: Layout | Refusal): answer is Layout {
  return 'uses' in answer;
}

export async function composeCopy(
  place: Place,
  scene: TableScene,
  layout: Layout,
  context: OperationContext,
): Promise<PlanDraft> {
  const { input } = place;
  const { name, table } = scene;
  const text = nameText(name);
  const { snapshot, copy } = copyNames(name, context.runId);
  const statements = statementsOf(scene, layout, context.runId);
  keepPatterns(place, scene, context, () => ({}));
  context.evidence({
    kind: 'statistics',
    title: `columns that queries of ${text} filter by`,
    body: { uses: layout.uses.map((use) => ({ ...use })), processedBytes: layout.allBytes },
  });
  const read = table.numBytes * 3;
  const share = layout.allBytes === 0 ? 0 : layout.prunedBytes / layout.allBytes;
  const { pricing } = input.options;
  return {
    target: input.target.id,
    engine: 'bigquery',
    pipeline: 'warehouse',
    action: copyActionId,
    identity: await identifyPlace(place, context.signal),
    subject: text,
    title: `copy ${text} partitioned by ${layout.partition?.column ?? ''}${layout.cluster.length === 0 ? '' : `, clustered by ${layout.cluster.join(', ')}`}, and validate the copy`,
    acts: actsOf(scene, statements, context.runId),
    preconditions: [
      { id: 'same_table', text: 'it is still the table that was planned for' },
      { id: 'same_columns', text: 'its columns are those that were planned for' },
      { id: 'no_row_policies', text: 'it has no row access policies' },
    ],
    blastRadius: {
      objects: [nameText(copy), nameText(snapshot)],
      bytes: table.numBytes,
      locks: [],
      estimatedMs: null,
    },
    cost: `about ${gib(read)} are read (${bytesUsd(read, pricing).toFixed(2)} USD on demand): once to copy, twice to compare; then ${gib(table.numBytes)} are stored twice until one of the tables is dropped (${((table.numBytes / 1024 ** 3) * pricing.storageUsdPerGiBMonth.activeLogical).toFixed(2)} USD a month)`,
    expectation: {
      kind: 'in_force',
      byAtLeast: 0,
      text: `the copy stands beside ${text} with the same rows; ${Math.round(share * 100)} % of the bytes of the last 30 days are of queries that would leave out partitions`,
    },
    exclusive: [text],
    warnings: warningsOf(scene),
    facts: factsOf(scene, layout, context.runId),
  };
}

function actsOf(
  { name }: TableScene,
  statements: { readonly snapshot: string; readonly copy: string },
  runId: string,
): readonly Act[] {
  const text = nameText(name);
  const { snapshot, copy } = copyNames(name, runId);
  return [
    {
      id: 'snapshot',
      summary: `snapshot of ${text} as it is now, kept for ${snapshotDays} days`,
      statement: statements.snapshot,
      undo: [`DROP SNAPSHOT TABLE IF EXISTS ${namePath(snapshot)}`],
      undoKind: 'immediate',
      locks: 'none',
    },
    {
      id: 'copy',
      summary: `copy of the snapshot in the new layout, counted and checksummed against it`,
      statement: statements.copy,
      undo: [`DROP TABLE IF EXISTS ${namePath(copy)}`],
      undoKind: 'immediate',
      locks: 'none: the table itself is read and written as before',
    },
  ];
}

function warningsOf({ table }: TableScene): readonly string[] {
  const expiration = table.timePartitioning?.expirationMs;
  return [
    'Reeve copies and validates; to put the copy in the place of the table is left to people: stop what writes, validate again, rename both (the script is in the evidence)',
    'rows that are written after the snapshot are not in the copy',
    ...(table.streamingBuffer === undefined
      ? []
      : ['rows in the streaming buffer may be missing in the snapshot']),
    ...(expiration === undefined
      ? []
      : ['the copy does not expire its partitions as the table does: set it when they are swapped']),
  ];
}

function factsOf(scene: TableScene, layout: Layout, runId: string): JsonObject {
  const { name, table } = scene;
  const { snapshot, copy } = copyNames(name, runId);
  return {
    ...tableFacts(scene),
    snapshot: nameText(snapshot),
    copy: nameText(copy),
    columns: table.schema.fields.map((field) => field.name),
    schema: JSON.stringify(table.schema),
    partition: layout.partition?.expression ?? '',
    partitionColumn: layout.partition?.column ?? '',
    cluster: [...layout.cluster],
    mostBytes: Math.ceil(Math.max(table.numBytes, 10 * 1024 ** 2) * billingMargin),
  };
}

function statementsOf(
  { name, table }: TableScene,
  { partition, cluster }: Layout,
  runId: string,
): { readonly snapshot: string; readonly copy: string } {
  const { snapshot, copy } = copyNames(name, runId);
  const labels = `labels = [("reeve_run", "${labelValue(runId)}")]`;
  const columns = table.schema.fields.map((field) => `\`${field.name}\``).join(', ');
  return {
    snapshot: [
      `CREATE SNAPSHOT TABLE ${namePath(snapshot)}`,
      `CLONE ${namePath(name)}`,
      `OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL ${snapshotDays} DAY), ${labels})`,
    ].join('\n'),
    copy: [
      `CREATE TABLE ${namePath(copy)} (${table.schema.fields.map(columnDefinition).join(', ')})`,
      `PARTITION BY ${partition?.expression ?? ''}`,
      ...(cluster.length === 0 ? [] : [`CLUSTER BY ${cluster.map((column) => `\`${column}\``).join(', ')}`]),
      `OPTIONS (${labels})`,
      `AS SELECT ${columns} FROM ${namePath(snapshot)}`,
    ].join('\n'),
  };
}

/** What people do when the copy is good: never run by Reeve. */
export function swapScript(name: TableName, runId: string): string {
  const { copy } = copyNames(name, runId);
  return [
    '-- 1. Stop everything that writes to the table, and wait for its streaming buffer to be empty.',
    '-- 2. Bring over what was written since the snapshot; then both must give the same row:',
    validationSql(name),
    validationSql(copy),
    '-- 3. Swap. The table as it was stays under the second name, and the snapshot is its undo:',
    `ALTER TABLE ${namePath(name)} RENAME TO \`${name.table}_before\`;`,
    `ALTER TABLE ${namePath(copy)} RENAME TO \`${name.table}\`;`,
    '-- 4. Give the new table the grants, labels, expiry and description of the old one, and start the writers.',
  ].join('\n');
}

/** Rows, and two checksums over all of them in no order: the same rows give the same, and one row more or another one does not. */
export function validationSql(name: TableName): string {
  return [
    'SELECT COUNT(*) AS n,',
    '  BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(t))) AS fingerprint,',
    '  SUM(MOD(FARM_FINGERPRINT(TO_JSON_STRING(t)), 1000003)) AS remainder',
    `FROM ${namePath(name)} AS t`,
  ].join('\n');
}
