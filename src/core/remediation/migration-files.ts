/** What all engines say alike of the files of migrations: what was brought, their order, their names, and what a history says of them. */

import type { JsonObject } from './json.ts';
import {
  type MigrationFile,
  type MigrationRequest,
  type MigrationStatus,
  type MigrationTool,
  migrationTools,
} from './migrations.ts';
import type { Refusal } from './operation-context.ts';

/** What a person brought (`RunTrigger.request`); undefined when it is not about migrations. */
export function readMigrationRequest(brought: JsonObject | undefined): MigrationRequest | undefined {
  const { files, directory = '' } = brought ?? {};
  if (!Array.isArray(files) || typeof directory !== 'string') return undefined;
  const read = files.map(readFile).filter((file) => file !== undefined);
  return read.length === files.length ? { files: read, directory } : undefined;
}

function readFile(brought: unknown): MigrationFile | undefined {
  if (typeof brought !== 'object' || brought === null) return undefined;
  const { name, up, down, tool = 'reeve' }: Partial<Record<keyof MigrationFile, unknown>> = brought;
  const isRead =
    typeof name === 'string' &&
    name !== '' &&
    typeof up === 'string' &&
    typeof down === 'string' &&
    isTool(tool);
  return isRead ? { name, up, down, tool } : undefined;
}

function isTool(tool: unknown): tool is MigrationTool {
  return migrationTools.some((each) => each === tool);
}

/** Numbers in names by their value: 2 before 10. */
function compareMigrationNames(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}

/** Files, or rows of a history, in the order in which they are applied. */
export function inMigrationOrder<T extends { readonly name: string }>(files: readonly T[]): readonly T[] {
  return files.toSorted((one, other) => compareMigrationNames(one.name, other.name));
}

/** What is wrong with the files together: names and versions. */
export function judgeMigrationNames(files: readonly Pick<MigrationFile, 'name'>[]): readonly Refusal[] {
  const refusals: Refusal[] = [];
  const seen = new Map<string, string>();
  for (const { name } of files) {
    const version = versionOf(name);
    const other = seen.get(version);
    if (other === name)
      refusals.push({ id: 'duplicate_file', text: `${name} is there twice: one up and one down file each` });
    else if (other !== undefined)
      refusals.push({
        id: 'duplicate_version',
        text: `${other} and ${name} have the same version ${version}: give one of them a new number`,
      });
    seen.set(version, name);
  }
  return refusals;
}

/** What stands before the first `_`: the number of the file; the whole name where there is none. */
function versionOf(name: string): string {
  const [before = ''] = name.split('_');
  return /^[vV]?[\d.]+$/.test(before) ? before.replace(/^[vV]?0*/, '') : name;
}

/** Subject of the candidate, and so of the plan, for all pending files: where they are applied, and the name of the last of them. */
export function migrationSubject(database: string, lastFile: string): string {
  return `${database}: ${lastFile}`;
}

/** `database` is undefined where the subject names none. */
export function readMigrationSubject(subject: string): {
  readonly database: string | undefined;
  readonly lastFile: string;
} {
  const end = subject.indexOf(': ');
  if (end === -1) return { database: undefined, lastFile: subject };
  return { database: subject.slice(0, end), lastFile: subject.slice(end + 2) };
}

/** One file of a target's history. */
export interface KeptMigration {
  readonly name: string;
  /** As `MigrationStatus.sha256`, when it was applied. */
  readonly sha256: string;
  /** `rehearsing`: on a rehearsal target, between up and down. */
  readonly state: 'applying' | 'applied' | 'undoing' | 'rehearsing';
  /** Run that began it; absent where the history is another tool's. */
  readonly runId?: string;
}

type Fingerprint = (file: MigrationFile) => string;

/** Files that are to be applied, in order, and why the history speaks against them. */
export function pendingMigrations(
  files: readonly MigrationFile[],
  history: readonly KeptMigration[],
  fingerprintOf: Fingerprint,
): { readonly pending: readonly MigrationFile[]; readonly refusals: readonly Refusal[] } {
  const known = new Map(history.map((row) => [row.name, row]));
  const names = new Set(files.map(({ name }) => name));
  const sorted = inMigrationOrder(files);
  const pending = sorted.filter(({ name }) => !known.has(name));
  const last = inMigrationOrder(history).at(-1)?.name;
  const refusals: Refusal[] = [];
  for (const file of sorted) {
    const [was, is] = [known.get(file.name)?.sha256, fingerprintOf(file)];
    if (was !== undefined && was !== is)
      refusals.push({
        id: 'changed_file',
        text: `${file.name} was changed after it was applied (sha256 ${was.slice(0, 12)} then, ${is.slice(0, 12)} now): put it back, and write what is new as a migration of its own`,
      });
  }
  for (const { name } of history)
    if (!names.has(name))
      refusals.push({
        id: 'missing_file',
        text: `${name} was applied and is not among the files: bring it back, others may build upon it`,
      });
  for (const { name } of pending)
    if (last !== undefined && compareMigrationNames(name, last) < 0)
      refusals.push({
        id: 'out_of_order',
        text: `${name} comes before ${last}, which was applied already: give it a number after that`,
      });
  return { pending, refusals: [...refusals, ...history.flatMap(unfinished)] };
}

function unfinished({ name, state, runId }: KeptMigration): readonly Refusal[] {
  if (state === 'applied') return [];
  const text =
    runId === undefined
      ? `${name} was begun and is not finished (${state}): its run goes on with it (reeve runs list)`
      : `${name} was begun by run ${runId} and is not finished (${state}): that run goes on with it (reeve runs show ${runId})`;
  return [{ id: 'unfinished_file', text }];
}

/** The files beside the history, in the order of their names. */
export function migrationStatuses(
  files: readonly MigrationFile[],
  history: readonly (KeptMigration & Pick<MigrationStatus, 'at'>)[],
  fingerprintOf: Fingerprint,
): readonly MigrationStatus[] {
  const known = new Map(history.map((row) => [row.name, row]));
  const names = new Set(files.map(({ name }) => name));
  const own = files.map((file): MigrationStatus => {
    const [row, sha256, { name }] = [known.get(file.name), fingerprintOf(file), file];
    if (row === undefined) return { name, sha256, state: 'pending', at: undefined, runId: undefined };
    const ended = row.sha256 === sha256 ? 'applied' : 'changed';
    return {
      name,
      sha256,
      state: row.state === 'applied' ? ended : 'applying',
      at: row.at,
      runId: row.runId,
    };
  });
  const missing = history
    .filter(({ name }) => !names.has(name))
    .map(({ name, sha256, at, runId }): MigrationStatus => ({ name, sha256, state: 'missing', at, runId }));
  return inMigrationOrder([...own, ...missing]);
}
