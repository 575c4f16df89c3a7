import type { ActOutcome } from '../../../../src/sdk.ts';
import type { FileWork } from './apply-file.ts';
import type { FileCommand } from './command-file.ts';
import { dataCollections, isExclusive, namedCollections, undoesOnly } from './effects.ts';
import { type HistoryRow, readHistory, removeRow, saveRow } from './history.ts';
import { migrationFactsOf } from './migration-facts.ts';
import { runCommand } from './run-command.ts';
import { isSameMark, mostRead, readMark, readSchema } from './survey.ts';

/** Runs the `down` of a file, unless documents were written since it was applied that this would change, move or delete. */
export async function undoFile(work: FileWork): Promise<ActOutcome> {
  const { file, client, context, place } = work;
  const { signal } = context;
  const row = (await readHistory(client, file.database, signal)).find(({ name }) => name === file.name);
  if (row === undefined) return { result: 'already', detail: `${file.name} is not in the history` };
  if (row.sha256 !== file.sha256)
    return {
      result: 'refused',
      detail: `another text of ${file.name} is in the history: nothing is taken back`,
    };
  const began = place.input.clock.monotonicMs();
  const wanted = file.down.filter((down) => !isOfUndone(file.up, row, down));
  // What was begun passed this check before it was.
  const discards = row.state === 'undoing' ? undefined : await wouldDiscard(work, row, wanted);
  if (discards !== undefined) return { result: 'refused', detail: discards, wouldDiscard: true };
  await context.assertHeld();
  await saveRow(client, file.database, { ...row, state: 'undoing' }, signal);
  let lockMs = 0;
  for (const command of wanted) {
    await context.assertHeld();
    const outcome = await runCommand(client, command, {
      signal,
      runId: context.runId,
      lockTimeoutMs: place.input.policy.lockTimeoutMs,
      isRepeated: true,
      monotonicMs: () => place.input.clock.monotonicMs(),
    });
    if (outcome.kind !== 'done')
      return {
        result: 'half_applied',
        detail: `taking back: ${file.name}.down.json:${command.line}: ${outcome.text}`,
      };
    if (isExclusive(command)) lockMs = Math.max(lockMs, outcome.tookMs);
  }
  return finish(work, Math.round(place.input.clock.monotonicMs() - began), lockMs);
}

async function finish(
  { file, plan, client, context }: FileWork,
  durationMs: number,
  lockMs: number,
): Promise<ActOutcome> {
  const schema = await readSchema(client, file.database, context.signal);
  const facts = migrationFactsOf(plan);
  // Of several files only the first one's rollback brings back what was planned on.
  const isFirst = facts.files[0]?.name === file.name;
  const named = new Set(namedCollections([...file.up, ...file.down]));
  const before = facts.collections.filter(({ name }) => named.has(name)).flatMap(({ lines }) => lines);
  const after = [...schema.values()].filter(({ name }) => named.has(name)).flatMap(({ lines }) => lines);
  const other = [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
  const isVerified = !isFirst || other.length === 0;
  await removeRow(client, file.database, file.name, context.signal);
  return {
    result: 'done',
    detail: isVerified
      ? `${file.name} was taken back in ${durationMs} ms${isFirst ? ', and the schema is as before' : ''}`
      : `${file.name} was taken back in ${durationMs} ms, and the schema is NOT as before: ${other.slice(0, 5).join('; ')}`,
    migration: { durationMs, lockMs, rowsLost: 0, verified: isVerified },
  };
}

/** It would take back what never was done, and might hit what somebody else made. */
function isOfUndone(up: readonly FileCommand[], row: HistoryRow, down: FileCommand): boolean {
  if (row.state !== 'applying') return false;
  // What may have been done counts as done.
  const undone = up.slice(row.isOpen ? row.step + 1 : row.step);
  return undone.some((command) => undoesOnly(down, command));
}

/** What would be lost, for a person; undefined when nothing was written since. Who cannot tell says so. */
async function wouldDiscard(
  { file, client, context }: FileWork,
  row: HistoryRow,
  wanted: readonly FileCommand[],
): Promise<string | undefined> {
  const changed: string[] = [];
  for (const collection of dataCollections(wanted)) {
    const was = row.marks.find((mark) => mark.collection === collection);
    const is = await readMark(client, file.database, collection, context.signal);
    if (isSameMark(was, is)) continue;
    const isTooBig = is.digest === null && (is.documents ?? 0) > mostRead;
    changed.push(
      isTooBig
        ? `${collection} holds ${is.documents ?? 0} documents, too many to tell whether one was written since`
        : `${collection} held ${was?.documents ?? 'no'} documents when ${file.name} was applied, holds ${is.documents ?? 'no'} now, and not the same`,
    );
  }
  return changed.length === 0
    ? undefined
    : `rolling back ${file.name} may discard what was written since: ${changed.join('; ')}. Nothing was undone. Look at what was written, write a migration that keeps it, or run the commands of ${file.name}.down.json by hand`;
}
