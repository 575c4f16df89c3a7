import {
  CollectError,
  type PlanDraft,
  type Rehearsal,
  type RehearsalContext,
  sessionName,
  testWhileChanged,
} from '../../../../src/sdk.ts';
import type { MemberClient } from '../../client.ts';
import { openActing } from '../acting.ts';
import { identifyPlace, type Place } from '../place.ts';
import { sameServer } from '../rehearse-index.ts';
import { namedCollections } from './effects.ts';
import { beginRow, type HistoryRow, readHistory, removeRow } from './history.ts';
import { migrationFactsOf, type PlannedFile, plannedFile } from './migration-facts.ts';
import { compareShapes, readShape, type Shape } from './rehearse-shape.ts';
import { runDown, runUp, type Trial } from './rehearse-steps.ts';
import { differencesOf } from './survey.ts';

/** What a rehearsal has come to so far. */
interface Notes {
  readonly said: string[];
  readonly figures: Record<
    string,
    number | string | boolean | { readonly verified: boolean; readonly durationMs: number }
  >;
}

/**
 * Does the files on the rehearsal target: up, down, up again and down once more, with schema and documents compared to the start. It has to
 * be a replica set or a cluster, as MongoDB's own advice for migrations says: a standalone server has no majority and no oplog to follow.
 */
export async function rehearseMigration(
  place: Place,
  draft: PlanDraft,
  context: RehearsalContext,
): Promise<Rehearsal> {
  const on = place.input.target.id;
  const identity = await identifyPlace(place, context.signal);
  const empty = { on, rows: {}, figures: {} } as const;
  const same = sameServer(draft.identity, identity);
  if (same !== undefined) return { ...empty, verdict: 'failed', text: same };
  if (identity['deployment'] === 'standalone')
    return {
      ...empty,
      verdict: 'not_possible',
      text: `${on} is a standalone server: migrations are tried on a replica set first (a set of one member is enough: --replSet and rs.initiate())`,
    };
  const client = await openActing(
    place.input,
    sessionName(place.input.applicationName, context.runId),
    context.signal,
  );
  try {
    return await onClient({ place, draft, client, context });
  } catch (thrown) {
    if (context.signal.aborted || !(thrown instanceof CollectError)) throw thrown;
    const hint =
      thrown.code === 'denied'
        ? ': the login that acts needs readWrite and dbAdmin on the database there'
        : '';
    return { ...empty, verdict: 'failed', text: `${thrown.message}${hint}` };
  } finally {
    await client.close();
  }
}

interface Rehearsing {
  readonly place: Place;
  readonly draft: PlanDraft;
  readonly client: MemberClient;
  readonly context: RehearsalContext;
}

async function onClient(rehearsing: Rehearsing): Promise<Rehearsal> {
  const { place, draft, client, context } = rehearsing;
  const { signal, runId } = context;
  const facts = migrationFactsOf(draft);
  const files = draft.acts.map(({ id }) => plannedFile(draft, id));
  const trial: Trial = { place, client, runId, signal };
  const base = { on: place.input.target.id, rows: {}, figures: {} } as const;
  const history = await readHistory(client, facts.database, signal);
  await cleanUp(trial, files, history);
  const blocked = whyNot(files, await readHistory(client, facts.database, signal));
  if (blocked !== undefined) return { ...base, verdict: 'not_possible', text: blocked };
  const start = await readShape(client, facts.database, signal);
  const other = differencesOf(
    new Map(
      facts.collections.map((each) => [each.name, { name: each.name, lines: each.lines, indexes: [] }]),
    ),
    start.schema,
    namedCollections(files.flatMap(({ up }) => up)),
  );
  if (other.length > 0)
    return {
      ...base,
      verdict: 'not_possible',
      text: `${base.on} has another schema than the target, so a rehearsal would prove nothing: ${other.slice(0, 5).join('; ')}. Bring it to the same state first`,
    };
  const rows = Object.fromEntries(
    facts.collections.map(({ name, documents }) => [
      `${facts.database}.${name}`,
      { target: documents ?? 0, rehearsal: start.marks.get(name)?.documents ?? 0 },
    ]),
  );
  const notes: Notes = { said: [], figures: {} };
  const fault = await upDownUp(rehearsing, trial, files, start, notes);
  const verdict = fault === undefined ? 'passed' : 'failed';
  const text = [...notes.said, ...(fault === undefined ? [] : [fault])].join('; ');
  return { on: base.on, verdict, text, rows, figures: { ...notes.figures } };
}

/** What an earlier rehearsal left that was cut short. */
async function cleanUp(
  trial: Trial,
  files: readonly PlannedFile[],
  history: readonly HistoryRow[],
): Promise<void> {
  const left = new Set(history.filter(({ state }) => state === 'rehearsing').map(({ name }) => name));
  const own = files.filter(({ name }) => left.has(name));
  if (own.length === 0) return;
  await runDown(trial, own);
  for (const { name, database } of own) await removeRow(trial.client, database, name, trial.signal);
}

function whyNot(files: readonly PlannedFile[], history: readonly HistoryRow[]): string | undefined {
  const there = files.find(({ name }) => history.some((row) => row.name === name));
  return there === undefined
    ? undefined
    : `${there.name} is applied there already: roll it back there first, so that it can be tried from the state that the target is in`;
}

/** Why it failed; undefined when it passed. Ends with the state that it began with, as far as `down` can. */
async function upDownUp(
  { context, client, place }: Rehearsing,
  trial: Trial,
  files: readonly PlannedFile[],
  start: Shape,
  notes: Notes,
): Promise<string | undefined> {
  const { signal } = context;
  const database = files[0]?.database ?? '';
  const now = (): number => place.input.clock.monotonicMs();
  await markRehearsing(trial, files);
  const first = await runUp(trial, files);
  if (typeof first === 'string') return afterFailure(trial, files, `up failed: ${first}`);
  notes.said.push(`up in ${first.tookMs} ms, longest lock ${first.lockMs} ms`);
  Object.assign(notes.figures, {
    upMilliseconds: first.tookMs,
    lockMilliseconds: first.lockMs,
    commands: first.commands,
  });
  const changed = await readShape(client, database, signal);
  const lost = lossOf(files, start, changed, first.deleted);
  if (lost !== undefined) return afterFailure(trial, files, lost);
  const began = now();
  const down = await runDown(trial, files);
  const durationMs = Math.round(now() - began);
  if (down !== undefined)
    return `its rollback failed: ${down}: look at ${place.input.target.id}, it is half rolled back`;
  const back = compareShapes(start, await readShape(client, database, signal));
  notes.figures['rollback'] = { verified: back === undefined, durationMs };
  if (back !== undefined) return `its rollback does not restore what was there: ${back}`;
  notes.said.push(`down in ${durationMs} ms, schema and documents as before`);
  const again = await runUp(trial, files);
  if (typeof again === 'string') return afterFailure(trial, files, `up failed the second time: ${again}`);
  const twice = compareShapes(changed, await readShape(client, database, signal));
  const fault =
    twice === undefined
      ? await testWhileChanged(context)
      : `up comes to something else the second time: ${twice}`;
  if (fault === undefined) notes.said.push('up again came to the same');
  return afterFailure(trial, files, fault);
}

async function markRehearsing(
  { client, signal, runId, place }: Trial,
  files: readonly PlannedFile[],
): Promise<void> {
  for (const { name, sha256, database } of files) {
    const at = new Date(place.input.clock.now());
    const row: HistoryRow = {
      name,
      sha256,
      state: 'rehearsing',
      run: runId,
      at,
      step: 0,
      isOpen: true,
      marks: [],
      lockMs: 0,
      rowsLost: 0,
    };
    await beginRow(client, database, row, signal);
  }
}

/** Takes back what stands there; the fault that led here is told either way. */
async function afterFailure(
  trial: Trial,
  files: readonly PlannedFile[],
  fault: string | undefined,
): Promise<string | undefined> {
  const down = await runDown(trial, files);
  if (down !== undefined)
    return `${fault === undefined ? '' : `${fault}; `}and it could not be taken back there: ${down}`;
  for (const { name, database } of files) await removeRow(trial.client, database, name, trial.signal);
  return fault;
}

/** Documents that vanished beyond what the files deleted as they declare. */
function lossOf(
  files: readonly PlannedFile[],
  start: Shape,
  changed: Shape,
  deleted: ReadonlyMap<string, number>,
): string | undefined {
  const renamed = new Set(
    files.flatMap(({ up }) =>
      up.filter(({ name }) => name === 'renameCollection').map(({ collection }) => collection),
    ),
  );
  for (const [collection, { documents }] of start.marks) {
    if (renamed.has(collection)) continue;
    const lost =
      (documents ?? 0) - (changed.marks.get(collection)?.documents ?? 0) - (deleted.get(collection) ?? 0);
    if (lost > 0) return `it loses ${lost} documents of ${collection} that it does not declare`;
  }
  return undefined;
}
