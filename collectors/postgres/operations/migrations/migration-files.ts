import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  type JsonObject,
  type MigrationFile,
  type MigrationRequest,
  migrationTools,
  type Refusal,
} from '../../../../src/sdk.ts';

const request = z.object({
  files: z.array(
    z.object({
      name: z.string().min(1),
      up: z.string(),
      down: z.string(),
      tool: z.enum(migrationTools).default('reeve'),
    }),
  ),
  directory: z.string().default(''),
});

/** What a person brought; undefined when it is not about migrations. */
export function readRequest(brought: JsonObject | undefined): MigrationRequest | undefined {
  const parsed = request.safeParse(brought);
  return parsed.success ? parsed.data : undefined;
}

/** Changes with every letter of either text. */
export function fingerprintOf({ up, down }: Pick<MigrationFile, 'up' | 'down'>): string {
  return createHash('sha256')
    .update(JSON.stringify([up, down]))
    .digest('hex');
}

/** What is wrong with the files together: names, order, versions. */
export function judgeNames(files: readonly MigrationFile[]): readonly Refusal[] {
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

/** Names in order, numbers by their value: 2 before 10. */
export function compareNames(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}

/** One file of the target's history. */
export interface AppliedFile {
  readonly name: string;
  readonly sha256: string;
  readonly state: 'applying' | 'applied' | 'undoing' | 'rehearsing';
}

/** Files that are to be applied, or why the history speaks against them. */
export function pendingFiles(
  files: readonly MigrationFile[],
  history: readonly AppliedFile[],
): { readonly pending: readonly MigrationFile[]; readonly refusals: readonly Refusal[] } {
  const refusals: Refusal[] = [];
  const known = new Map(history.map((row) => [row.name, row]));
  const sorted = files.toSorted((one, other) => compareNames(one.name, other.name));
  for (const file of sorted) {
    const row = known.get(file.name);
    if (row !== undefined && row.sha256 !== fingerprintOf(file))
      refusals.push({
        id: 'changed_file',
        text: `${file.name} was changed after it was applied (sha256 ${row.sha256.slice(0, 12)} then, ${fingerprintOf(file).slice(0, 12)} now): put it back, and write what is new as a migration of its own`,
      });
  }
  const names = new Set(files.map(({ name }) => name));
  for (const { name } of history)
    if (!names.has(name))
      refusals.push({
        id: 'missing_file',
        text: `${name} was applied and is not among the files: bring it back, others may build upon it`,
      });
  const pending = sorted.filter(({ name }) => !known.has(name));
  const last = history
    .map(({ name }) => name)
    .toSorted(compareNames)
    .at(-1);
  for (const { name } of pending)
    if (last !== undefined && compareNames(name, last) < 0)
      refusals.push({
        id: 'out_of_order',
        text: `${name} comes before ${last}, which was applied already: give it a number after that`,
      });
  for (const { name, state } of history)
    if (state === 'applying' || state === 'undoing')
      refusals.push({
        id: 'unfinished_file',
        text: `${name} was begun and is not finished (${state}): its run goes on with it (reeve runs list)`,
      });
  return { pending, refusals };
}
