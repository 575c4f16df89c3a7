import { messageOf } from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import { applyFile, undoFile } from './apply-file.ts';
import type { FileWork } from './file-transaction.ts';
import { type JudgedFile, judgeFile } from './judge-migration.ts';
import { applyLone, undoLone } from './lone-file.ts';
import type { MigrationFacts } from './migration-facts.ts';
import { fingerprintOf } from './migration-files.ts';
import { type HistoryRow, readHistory } from './migration-history.ts';
import { compareSchemas, describeDifference, isSame, readSchema } from './schema-lines.ts';

/** Where a rehearsal works, and what of it stands there now. */
export interface Ground {
  readonly access: Access;
  readonly work: FileWork;
  readonly runId: string;
  /** Files that are applied for the rehearsal, in order. */
  readonly done: JudgedFile[];
}

/** Applies a file for the rehearsal: its row says so, and whoever finds it there takes it back. */
export async function rehearseUp(
  { access, work, runId, done }: Ground,
  judged: JudgedFile,
): ReturnType<typeof applyFile> {
  const entry = { sha256: fingerprintOf(judged.file), runId, state: 'rehearsing' } as const;
  const report = judged.isLone
    ? await applyLone(access, work, judged, { entry, isResumed: false })
    : await applyFile(work, judged, entry);
  done.push(judged);
  return report;
}

/** Takes the file back that was applied last. */
export async function rehearseDown(
  { access, work, done }: Ground,
  judged: JudgedFile,
): ReturnType<typeof undoFile> {
  const row = (await readHistory(work.session, work.signal)).find(({ name }) => name === judged.file.name);
  if (row === undefined)
    throw new Error(`${judged.file.name} is not there any more: somebody else took it back`);
  const report = judged.isLone
    ? await undoLone(access, work, judged, row)
    : await undoFile(work, judged, { name: row.name, trace: null });
  done.pop();
  return report;
}

/** Takes back all that the rehearsal applied, last first; why it could not. */
export async function unwind(ground: Ground): Promise<string | undefined> {
  for (const judged of ground.done.toReversed()) {
    try {
      await rehearseDown(ground, judged);
    } catch (thrown) {
      return `the rehearsal target is NOT as it was: ${judged.file.name} could not be taken back (${messageOf(thrown)}); the next rehearsal tries again`;
    }
  }
  return undefined;
}

/** What a rehearsal whose agent died left applied is taken back first; why it could not. */
export async function mendLeftovers(access: Access, work: FileWork): Promise<string | undefined> {
  const rows = await readHistory(work.session, work.signal);
  for (const row of rows.toReversed()) {
    if (row.state !== 'rehearsing') continue;
    try {
      await takeBack(access, work, row);
    } catch (thrown) {
      return `${row.name} is left from the rehearsal of run ${row.runId} and could not be taken back: ${messageOf(thrown)}; run its down file by hand and delete its row of reeve.migrations`;
    }
  }
  return undefined;
}

async function takeBack(access: Access, work: FileWork, row: HistoryRow): Promise<void> {
  const parts = await judgeFile({ name: row.name, up: row.down, down: row.down, tool: 'reeve' });
  if (parts.isLone) await undoLone(access, work, { ...parts, up: parts.down }, row);
  else await undoFile(work, parts, { name: row.name, trace: null });
}

/** Brings the rehearsal target to where the target is; what there is to say when that cannot be done. */
export async function applyEarlier(
  ground: Ground,
  facts: MigrationFacts,
  history: readonly HistoryRow[],
): Promise<{ readonly verdict: 'not_possible' | 'failed'; readonly text: string } | undefined> {
  if ((await differences(ground, facts)).length === 0) return undefined;
  const known = new Set(history.map(({ name }) => name));
  const missing = facts.earlier.filter(({ name }) => !known.has(name));
  try {
    for (const file of missing) await rehearseUp(ground, await judgeFile(file));
  } catch (thrown) {
    const left = await unwind(ground);
    const names = missing.map(({ name }) => name).join(', ');
    return {
      verdict: 'not_possible',
      text: `its schema is another one, and what the target has already (${names}) could not be applied there: ${messageOf(thrown)}${left === undefined ? '' : `; ${left}`}`,
    };
  }
  const different = await differences(ground, facts);
  if (different.length === 0) return undefined;
  const left = await unwind(ground);
  return {
    verdict: 'not_possible',
    text: `its schema is not the target's: ${different.join('; ')}${left === undefined ? '' : `; ${left}`}. Bring it up to date first`,
  };
}

/** Owners and privileges may well be others there. */
function withoutRights(line: string): string {
  return line.replaceAll(/ owner (?:"[^"]*"|\S+)| acl (?:\{[^}]*\})?/g, '');
}

/** Of the tables that the files name: `-` is on the target and not here, `+` the other way round. */
async function differences({ work }: Ground, { tables }: MigrationFacts): Promise<readonly string[]> {
  const here = await readSchema(work.session, work.signal);
  return tables.flatMap(({ name, lines }) => {
    const own = here
      .filter(({ of }) => of === name)
      .map((line) => ({ ...line, text: withoutRights(line.text) }));
    const there = lines.map((text) => ({ of: name, text: withoutRights(text) }));
    const difference = compareSchemas(there, own);
    return isSame(difference) ? [] : [`${name}: ${describeDifference(difference)}`];
  });
}
