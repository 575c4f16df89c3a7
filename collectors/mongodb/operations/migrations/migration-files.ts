import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  type JsonObject,
  type MigrationFile,
  type MigrationRequest,
  migrationTools,
  type Refusal,
} from '../../../../src/sdk.ts';
import type { HistoryRow } from './history.ts';

const file = z.object({
  name: z.string().min(1),
  up: z.string(),
  down: z.string(),
  tool: z.enum(migrationTools).default('reeve'),
});
const request = z.object({ files: z.array(file), directory: z.string().default('') });

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

/** Names in order, numbers by their value: 2 before 10. */
export function compareNames(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}

export function inOrder<T extends { readonly name: string }>(files: readonly T[]): readonly T[] {
  return files.toSorted((one, other) => compareNames(one.name, other.name));
}

/** What is wrong with the files together. */
export function judgeNames(files: readonly MigrationFile[]): readonly Refusal[] {
  const seen = new Map<string, string>();
  return files.flatMap(({ name }) => {
    const version = versionOf(name);
    const other = seen.get(version);
    seen.set(version, name);
    return other === undefined
      ? []
      : [
          {
            id: 'duplicate_version',
            text: `${other} and ${name} have the same version ${version}: give one of them a new number`,
          },
        ];
  });
}

/** What stands before the first `_`: the number of the file; the whole name where there is none. */
function versionOf(name: string): string {
  const [before = ''] = name.split('_');
  return /^[\d.]+$/.test(before) ? before.replace(/^0*/, '') : name;
}

/** Files that are to be applied, and why the history speaks against them. */
export function pendingFiles(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
): { readonly pending: readonly MigrationFile[]; readonly refusals: readonly Refusal[] } {
  const known = new Map(history.map((row) => [row.name, row]));
  const names = new Set(files.map(({ name }) => name));
  const sorted = inOrder(files);
  const pending = sorted.filter(({ name }) => !known.has(name));
  const last = inOrder(history).at(-1)?.name;
  const refuse = (id: string, text: string): Refusal => ({ id, text });
  const refusals = [
    ...sorted.flatMap((each) => {
      const was = known.get(each.name)?.sha256;
      return was === undefined || was === fingerprintOf(each)
        ? []
        : [
            refuse(
              'changed_file',
              `${each.name} was changed after it was applied (sha256 ${was.slice(0, 12)} then): put it back, and write what is new as a migration of its own`,
            ),
          ];
    }),
    ...history
      .filter(({ name }) => !names.has(name))
      .map(({ name }) =>
        refuse(
          'missing_file',
          `${name} was applied and is not among the files: bring it back, others may build upon it`,
        ),
      ),
    ...pending
      .filter(({ name }) => last !== undefined && compareNames(name, last) < 0)
      .map(({ name }) =>
        refuse(
          'out_of_order',
          `${name} comes before ${last ?? ''}, which was applied already: give it a number after that`,
        ),
      ),
    ...history
      .filter(({ state }) => state !== 'applied')
      .map(({ name, state, run }) =>
        refuse(
          'unfinished_file',
          `${name} was begun by run ${run} and is not finished (${state}): that run goes on with it (reeve runs show ${run})`,
        ),
      ),
  ];
  return { pending, refusals };
}
