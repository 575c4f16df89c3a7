import type { ActContext, ActOutcome, Plan } from '../../../../src/sdk.ts';
import type { MemberClient } from '../../client.ts';
import type { Place } from '../place.ts';
import type { FileCommand } from './command-file.ts';
import { dataCollections, isExclusive } from './effects.ts';
import { beginRow, type HistoryRow, type Mark, readHistory, removeRow, saveRow } from './history.ts';
import type { PlannedFile } from './migration-facts.ts';
import { type CommandOutcome, runCommand } from './run-command.ts';
import { readMark } from './survey.ts';

/** One file on one connection. */
export interface FileWork {
  readonly place: Place;
  readonly plan: Plan;
  readonly file: PlannedFile;
  readonly client: MemberClient;
  readonly context: ActContext;
}

/**
 * Runs the commands of a file one after the other. The history says before each how far it is: MongoDB has no transaction around changes of
 * schema, so a crash in the middle is finished or taken back from there.
 */
export async function applyFile(work: FileWork): Promise<ActOutcome> {
  const { file, client, context } = work;
  const { signal } = context;
  const known = (await readHistory(client, file.database, signal)).find(({ name }) => name === file.name);
  const settled = known === undefined ? undefined : settledBy(file, known, context.runId);
  if (settled !== undefined) return settled;
  const began = work.place.input.clock.monotonicMs();
  const row = known ?? (await begin(work));
  if (row === undefined) return { result: 'refused', detail: `another run began ${file.name} meanwhile` };
  const isResumed = known !== undefined;
  const last = await runCommands(work, row, isResumed);
  if ('result' in last) return last;
  await saveRow(
    client,
    file.database,
    { ...last, state: 'applied', at: new Date(work.place.input.clock.now()) },
    signal,
  );
  const durationMs = Math.round(work.place.input.clock.monotonicMs() - began);
  const { rowsLost, lockMs } = last;
  return {
    result: 'done',
    detail: `${file.name}: ${file.up.length} commands done in ${durationMs} ms${isResumed ? ' after an interruption' : ''}, written to ${file.database}.reeve_migrations`,
    migration: { durationMs, lockMs, rowsLost, verified: true },
  };
}

function settledBy(file: PlannedFile, row: HistoryRow, runId: string): ActOutcome | undefined {
  if (row.sha256 !== file.sha256)
    return { result: 'refused', detail: `another text of ${file.name} is in the history` };
  if (row.state === 'applied') return { result: 'already', detail: `${file.name} is applied` };
  if (row.state !== 'applying')
    return { result: 'refused', detail: `${file.name} is ${row.state}: nothing is applied meanwhile` };
  return row.run === runId ? undefined : { result: 'refused', detail: `run ${row.run} began ${file.name}` };
}

/** Undefined when somebody else was faster. */
async function begin({ file, client, context, place }: FileWork): Promise<HistoryRow | undefined> {
  const { signal, runId } = context;
  const marks: Mark[] = [];
  for (const collection of dataCollections([...file.up, ...file.down]))
    marks.push(await readMark(client, file.database, collection, signal));
  const row: HistoryRow = {
    name: file.name,
    sha256: file.sha256,
    state: 'applying',
    run: runId,
    at: new Date(place.input.clock.now()),
    step: 0,
    isOpen: true,
    marks,
    lockMs: 0,
    rowsLost: 0,
  };
  await context.assertHeld();
  return (await beginRow(client, file.database, row, signal)) ? row : undefined;
}

async function runCommands(
  work: FileWork,
  begun: HistoryRow,
  isResumed: boolean,
): Promise<HistoryRow | ActOutcome> {
  const { file, client, context, place } = work;
  const { clock, policy } = place.input;
  let row = begun;
  for (const [at, command] of file.up.entries()) {
    if (at < begun.step) continue;
    await context.assertHeld();
    const outcome = await runCommand(client, command, {
      signal: context.signal,
      runId: context.runId,
      lockTimeoutMs: policy.lockTimeoutMs,
      isRepeated: isResumed && at === begun.step && !wasThere(row, command),
      monotonicMs: () => clock.monotonicMs(),
    });
    if (outcome.kind !== 'done') return stop(work, row, command, outcome, isResumed);
    row = await advance(work, row, command, outcome);
  }
  return row;
}

/** Somebody else's: a collection that was there before it was to be created. */
function wasThere({ marks }: HistoryRow, { name, collection }: FileCommand): boolean {
  const was = marks.find((mark) => mark.collection === collection)?.documents ?? null;
  return name === 'create' && was !== null;
}

/** Writes that a command is done, and what its collections hold now. */
async function advance(
  { file, client, context }: FileWork,
  row: HistoryRow,
  command: FileCommand,
  { tookMs, deleted }: Extract<CommandOutcome, { readonly kind: 'done' }>,
): Promise<HistoryRow> {
  const touched = new Set(dataCollections([command]));
  const marks: Mark[] = [];
  for (const mark of row.marks)
    marks.push(
      touched.has(mark.collection) || command.collection === mark.collection
        ? await readMark(client, file.database, mark.collection, context.signal)
        : mark,
    );
  const declared = command.declared.deletes ?? 0;
  const lost = declared === 'all' ? 0 : Math.max(0, deleted - declared);
  const next = {
    ...row,
    step: row.step + 1,
    isOpen: true,
    marks,
    lockMs: isExclusive(command) ? Math.max(row.lockMs, tookMs) : row.lockMs,
    rowsLost: row.rowsLost + lost,
  };
  await saveRow(client, file.database, next, context.signal);
  return next;
}

/** Nothing of the file was done: its row goes too. Otherwise it is half done, and is finished or taken back. */
async function stop(
  { file, client, context }: FileWork,
  row: HistoryRow,
  command: FileCommand,
  outcome: Exclude<CommandOutcome, { readonly kind: 'done' }>,
  isResumed: boolean,
): Promise<ActOutcome> {
  const where = `${file.name}.up.json:${command.line}: ${outcome.text}`;
  if (row.step === 0 && !isResumed && outcome.kind === 'not_done') {
    await removeRow(client, file.database, file.name, context.signal);
    return { result: outcome.waits ? 'gave_up' : 'failed', detail: `nothing was done: ${where}` };
  }
  // An earlier attempt that nobody heard of may have done it.
  if (outcome.kind === 'not_done' && !(isResumed && row.isOpen))
    await saveRow(client, file.database, { ...row, isOpen: false }, context.signal);
  return { result: 'half_applied', detail: `${row.step} of ${file.up.length} commands are done: ${where}` };
}
