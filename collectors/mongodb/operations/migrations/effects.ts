import { at, listAt, textAt } from '../../document.ts';
import type { FileCommand } from './command-file.ts';
import { droppedIndexes } from './judge-commands.ts';
import type { CollectionSchema } from './survey.ts';

/** Names of collections and their indexes, as they are after some commands. */
export type Names = Map<string, Set<string>>;

export function namesOf(schema: ReadonlyMap<string, CollectionSchema>): Names {
  return new Map([...schema].map(([name, { indexes }]) => [name, new Set(indexes)]));
}

/** Does to the names what a command does to the database; why it cannot, undefined when it can. */
export function follow(
  names: Names,
  { name, collection, command, database }: FileCommand,
): string | undefined {
  const there = names.get(collection);
  const missing = `there is no collection ${collection}`;
  switch (name) {
    case 'create':
      if (there !== undefined) return `${collection} is there already`;
      names.set(collection, new Set(['_id_']));
      return undefined;
    case 'drop':
      return names.delete(collection) ? undefined : missing;
    case 'renameCollection': {
      const to = (textAt(command, 'to') ?? '').slice(database.length + 1);
      if (there === undefined) return missing;
      if (names.has(to)) return `${to} is there already`;
      names.delete(collection);
      names.set(to, there);
      return undefined;
    }
    case 'createIndexes':
      return there === undefined ? missing : addIndexes(there, builtIndexes(command), collection);
    case 'dropIndexes':
      return there === undefined ? missing : removeIndexes(there, droppedIndexes(command), collection);
    default:
      return there === undefined ? missing : undefined;
  }
}

function addIndexes(there: Set<string>, wanted: readonly string[], collection: string): string | undefined {
  const taken = wanted.find((index) => there.has(index));
  for (const index of wanted) there.add(index);
  return taken === undefined ? undefined : `${collection} has an index ${taken} already`;
}

function removeIndexes(
  there: Set<string>,
  wanted: readonly string[],
  collection: string,
): string | undefined {
  const missing = wanted.find((index) => !there.delete(index));
  return missing === undefined ? undefined : `${collection} has no index ${missing}`;
}

/** Names of the indexes that a command builds. */
export function builtIndexes(command: FileCommand['command']): readonly string[] {
  return listAt(command, 'indexes').flatMap((index) => textAt(index, 'name') ?? []);
}

/** Collections whose documents a file changes, deletes or moves, in either direction. */
export function dataCollections(commands: readonly FileCommand[]): readonly string[] {
  const data = new Set(['update', 'insert', 'delete', 'drop', 'renameCollection']);
  const named = commands
    .filter(({ name }) => data.has(name))
    .flatMap(({ name, collection, command, database }) =>
      name === 'renameCollection'
        ? [collection, (textAt(command, 'to') ?? '').slice(database.length + 1)]
        : [collection],
    );
  return [...new Set(named)].sort();
}

/** All collections that a file names. */
export function namedCollections(commands: readonly FileCommand[]): readonly string[] {
  return [...new Set([...commands.map(({ collection }) => collection), ...dataCollections(commands)])].sort();
}

/** Commands after which others wait while they run: they hold a collection or the database alone. */
export function isExclusive({ name }: FileCommand): boolean {
  return ['collMod', 'renameCollection', 'dropIndexes', 'drop', 'create'].includes(name);
}

/** For people: which locks a file takes. */
export function locksOf(commands: readonly FileCommand[]): string {
  const texts = commands.map((command) => {
    const about = `${command.database}.${command.collection}`;
    if (command.name === 'createIndexes')
      return `${about}: exclusive for an instant at the begin and the end of each build`;
    if (isExclusive(command)) return `${about}: exclusive while ${command.name} runs`;
    return `${about}: each document while it is written`;
  });
  return [...new Set(texts)].join('; ');
}

/** What a down command removes that an up command makes: it is left alone where that up command never ran. */
export function undoesOnly(down: FileCommand, up: FileCommand): boolean {
  if (down.collection !== up.collection) return false;
  if (down.name === 'drop') return up.name === 'create';
  if (down.name !== 'dropIndexes' || up.name !== 'createIndexes') return false;
  const built = new Set(builtIndexes(up.command));
  return droppedIndexes(down.command).some((index) => built.has(index));
}

/** Filters of the documents that a command deletes. */
export function deleteFilters({
  command,
}: FileCommand): readonly { readonly q: Readonly<Record<string, unknown>>; readonly isOne: boolean }[] {
  return listAt(command, 'deletes').map((each) => {
    const q = at(each, 'q');
    return { q: typeof q === 'object' && q !== null ? { ...q } : {}, isOne: at(each, 'limit') === 1 };
  });
}
