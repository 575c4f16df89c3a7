import type {
  Act,
  ActContext,
  Action,
  ActOutcome,
  Inspection,
  Plan,
  PlanDraft,
  Refusal,
} from '../../../src/sdk.ts';
import { bytesUsd } from '../pricing.ts';
import { composeCopy, copyActionId, copyObjections, isLayout, layoutOf, swapScript } from './copy-plan.ts';
import { validateCopy } from './copy-validation.ts';
import { gib } from './partition-filter.ts';
import {
  factNumber,
  factText,
  labelValue,
  noCounters,
  type Place,
  refusedOutcome,
  runLabels,
  simulated,
} from './place.ts';
import { nameText, parseName, type TableName, type TableResource } from './table-resource.ts';
import { costlyTables, isScene, plannedTable, readScene } from './table-scene.ts';

/** Told by the copy's own label: compared with the snapshot, and found equal or not. */
const validatedLabel = 'reeve_validated';
const jobTimeLimitMs = 6 * 3_600_000;
/** Jobs under one name: what failed is tried again under the next. */
const mostJobs = 5;

/** Copies a table into the layout that its queries ask for, and proves that nothing is missing; the swap is left to people. */
export function copyPartitioned(place: Place): Action {
  return {
    id: copyActionId,
    pipeline: 'warehouse',
    summary:
      'Copies a table into the partitions and clusters that its queries filter by, and validates the copy.',
    undoKind: 'rebuild',
    changelog: 'optimisations',
    rehearsal: 'impossible',
    find: async ({ subject, only, limit }) =>
      costlyTables(place, subject)
        .filter(({ problems }) => problems.includes('unpartitioned'))
        .map(({ name, region, bytes, usd }) => ({
          action: copyActionId,
          subject: nameText(name),
          title: `copy ${nameText(name)} into partitions: its queries processed ${gib(bytes)} (${usd.toFixed(2)} USD) in 7 days`,
          facts: { table: nameText(name), region },
        }))
        .filter((candidate) => only === undefined || candidate.subject === only)
        .slice(0, limit),
    plan: async (candidate, context) => {
      const name = parseName(factText(candidate, 'table'));
      if (name === undefined) return { id: 'table_exists', text: 'the candidate names no table' };
      const scene = await readScene(place, { name, region: factText(candidate, 'region') }, context.signal);
      if (!isScene(scene)) return scene;
      const [refusal] = await copyObjections(place, scene, context);
      if (refusal !== undefined) return refusal;
      const layout = layoutOf(scene);
      return isLayout(layout) ? composeCopy(place, scene, layout, context) : layout;
    },
    rehearse: async (draft, context) => {
      const { acting, input } = place;
      const { name, region } = plannedTable(draft);
      const sql = draft.acts[1]?.statement.split('\nAS ')[1] ?? '';
      // The snapshot is not there yet: the table itself is what it will be a copy of.
      const text = sql.replace(factText(draft, 'snapshot'), nameText(name));
      try {
        const bytes = await acting.dryRun(
          { sql: text, location: region, labels: runLabels(context.runId) },
          context.signal,
        );
        const usd = bytesUsd(bytes, input.options.pricing);
        return simulated(
          `it cannot be rehearsed: by a dry run the copy reads ${gib(bytes)} (${usd.toFixed(2)} USD on demand) and the comparison twice as much; nothing was run`,
          { copyBytes: bytes, copyUsd: usd },
        );
      } catch (thrown) {
        context.signal.throwIfAborted();
        const { detail } = refusedOutcome(thrown);
        return { ...simulated(`a dry run of the copy was refused: ${detail}`, {}), verdict: 'failed' };
      }
    },
    recheck: async (plan, { signal }) => recheckCopy(place, plan, signal),
    inspect: async (plan, act, { signal }) => inspectAct(place, plan, act, signal),
    apply: (plan, act, context) => applyAct(place, plan, act, context),
    undo: (plan, act, context) => undoAct(place, plan, act, context),
    counters: async () => noCounters(place),
  };
}

async function recheckCopy(place: Place, plan: Plan, signal: AbortSignal): Promise<readonly Refusal[]> {
  const { name, creationTime } = plannedTable(plan);
  const table = await place.reading.api.table(name, signal);
  if (table === undefined || table.creationTime !== creationTime)
    return [{ id: 'same_table', text: `${nameText(name)} is not the table any more that was planned for` }];
  if (JSON.stringify(table.schema) !== factText(plan, 'schema'))
    return [{ id: 'same_columns', text: `the columns of ${nameText(name)} were changed since` }];
  const policies = await place.reading.api.rowPolicies(name, signal);
  return policies === 0
    ? []
    : [{ id: 'no_row_policies', text: `${nameText(name)} has row access policies now` }];
}

/** What an act makes: the snapshot or the copy. */
function madeBy(plan: PlanDraft, { id }: Act): TableName {
  const name = parseName(factText(plan, id === 'snapshot' ? 'snapshot' : 'copy'));
  if (name === undefined) throw new Error(`the plan does not name what ${id} makes`);
  return name;
}

async function inspectAct(place: Place, plan: Plan, act: Act, signal: AbortSignal): Promise<Inspection> {
  const name = madeBy(plan, act);
  return judgeMade(plan, act, name, await place.reading.api.table(name, signal));
}

/** By its own labels: ours, of this run, validated. Somebody else's table of that name is not touched. */
function judgeMade(plan: Plan, act: Act, name: TableName, table: TableResource | undefined): Inspection {
  const text = nameText(name);
  if (table === undefined) return { state: 'pending', detail: `there is no ${text}` };
  if (table.labels['reeve_run'] !== labelValue(plan.runId))
    return { state: 'other', detail: `${text} does not carry the label of run ${plan.runId}` };
  if (act.id === 'snapshot') return { state: 'done', detail: `${text} stands` };
  const verdict = table.labels[validatedLabel];
  if (verdict === 'yes')
    return { state: 'done', detail: `${text} stands, with the same rows as the snapshot` };
  return {
    state: 'half_applied',
    detail:
      verdict === 'no' ? `${text} is not equal to the snapshot` : `${text} stands and was not compared yet`,
  };
}

async function applyAct(place: Place, plan: Plan, act: Act, context: ActContext): Promise<ActOutcome> {
  const { acting } = place;
  const name = madeBy(plan, act);
  try {
    const before = judgeMade(plan, act, name, await acting.table(name, context.signal));
    if (before.state === 'done') return { result: 'already', detail: before.detail };
    if (before.state === 'other') return { result: 'refused', detail: before.detail };
    if (before.state === 'pending') {
      await context.assertHeld();
      const made = await runStatement(place, plan, act, context);
      if (made !== undefined) return made;
    }
    if (act.id === 'snapshot') return { result: 'done', detail: `${nameText(name)} stands` };
    return await finishCopy(place, plan, name, context);
  } catch (thrown) {
    context.signal.throwIfAborted();
    return refusedOutcome(thrown);
  }
}

/** Runs the statement of an act; undefined when it did what it says. A job that was begun before is waited for, not begun again. */
async function runStatement(
  { acting }: Place,
  plan: Plan,
  act: Act,
  context: ActContext,
): Promise<ActOutcome | undefined> {
  const { region } = plannedTable(plan);
  const job = {
    sql: act.statement,
    location: region,
    labels: runLabels(plan.runId),
    maximumBytesBilled: act.id === 'copy' ? factNumber(plan, 'mostBytes') : undefined,
    timeLimitMs: jobTimeLimitMs,
  };
  let last: ActOutcome = { result: 'failed', detail: `${act.id} was tried ${mostJobs} times and failed` };
  for (let attempt = 1; attempt <= mostJobs; attempt += 1) {
    const jobId = `reeve_${labelValue(plan.runId)}_${plan.hash.slice(0, 8)}_${act.id}_${attempt}`;
    const { error, billedBytes, durationMs, wasBegun } = await acting.run(job, jobId, context.signal);
    if (error === undefined) {
      context.evidence({
        kind: 'act',
        title: `${act.id}: job ${jobId}`,
        body: { jobId, billedBytes, durationMs },
      });
      const stands = await acting.table(madeBy(plan, act), context.signal);
      // An earlier attempt's job, of something that was taken back since.
      if (stands === undefined) continue;
      return undefined;
    }
    const text = `job ${jobId}: ${error.reason}: ${error.message}`;
    last = { result: 'gave_up', detail: `${text}; nothing was made` };
    if (wasBegun) continue;
    context.evidence({ kind: 'act', title: `${act.id} failed`, body: { jobId, reason: error.reason } });
    if (error.reason === 'bytesBilledLimitExceeded')
      return {
        result: 'refused',
        detail: `${text}; it grew beyond what was approved: make the plan anew`,
      };
    if (error.reason === 'accessDenied' || error.reason === 'invalidQuery')
      return { result: 'refused', detail: text };
    return last;
  }
  return last;
}

/** Compares the copy with the snapshot and writes down on the copy what came out; then prices the queries on it. */
async function finishCopy(
  place: Place,
  plan: Plan,
  copy: TableName,
  context: ActContext,
): Promise<ActOutcome> {
  const { acting } = place;
  const table = await acting.table(copy, context.signal);
  if (table === undefined) return { result: 'failed', detail: `${nameText(copy)} does not stand` };
  const known = table.labels[validatedLabel];
  if (known === 'no')
    return {
      result: 'failed',
      detail: `${nameText(copy)} is not equal to the snapshot: it is dropped again`,
    };
  const comparison = await validateCopy(place, plan, context);
  if ('result' in comparison) return comparison;
  await context.assertHeld();
  const verdict = comparison.isEqual ? 'yes' : 'no';
  await acting.patch(copy, { labels: { [validatedLabel]: verdict } }, table.etag, context.signal);
  if (!comparison.isEqual) return { result: 'failed', detail: comparison.text };
  const { name } = plannedTable(plan);
  context.evidence({
    kind: 'advice',
    title: `how to put the copy in the place of ${nameText(name)}: writers pause`,
    body: { script: swapScript(name, plan.runId) },
  });
  return { result: 'done', detail: comparison.text };
}

async function undoAct(place: Place, plan: Plan, act: Act, context: ActContext): Promise<ActOutcome> {
  const { acting } = place;
  const name = madeBy(plan, act);
  const { region } = plannedTable(plan);
  try {
    const found = judgeMade(plan, act, name, await acting.table(name, context.signal));
    if (found.state === 'pending') return { result: 'already', detail: found.detail };
    if (found.state === 'other') return { result: 'refused', detail: found.detail };
    const [sql = ''] = act.undo;
    const job = {
      sql,
      location: region,
      labels: runLabels(plan.runId),
      maximumBytesBilled: undefined,
      timeLimitMs: 60_000,
    };
    const jobId = `reeve_${labelValue(plan.runId)}_undo_${act.id}_${place.input.clock.now()}`;
    const { error } = await acting.run(job, jobId, context.signal);
    return error === undefined
      ? { result: 'done', detail: `${nameText(name)} is gone` }
      : { result: 'gave_up', detail: `${error.reason}: ${error.message}` };
  } catch (thrown) {
    context.signal.throwIfAborted();
    return refusedOutcome(thrown);
  }
}
