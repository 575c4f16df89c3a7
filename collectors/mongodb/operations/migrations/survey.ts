import { createHash } from 'node:crypto';
import { CollectError } from '../../../../src/sdk.ts';
import { BSON, type MemberClient } from '../../client.ts';
import { codeOf } from '../../client-errors.ts';
import { type Document, documentAt, textAt, toNumber } from '../../document.ts';
import type { Mark } from './history.ts';
import { historyCollection } from './judge-commands.ts';

const asking = { group: 'migrations' } as const;
const namespaceNotFound = 26;

/** One collection, as lines that are the same only when everything about it is: options, type, indexes. */
export interface CollectionSchema {
  readonly name: string;
  readonly lines: readonly string[];
  readonly indexes: readonly string[];
}

/** The schema of a database: its collections by name, Reeve's own left out. @throws {CollectError} */
export async function readSchema(
  client: MemberClient,
  database: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, CollectionSchema>> {
  const found: Document[] = [];
  for await (const one of client.query(database, { listCollections: 1, filter: {} }, { ...asking, signal }))
    found.push(one);
  const schema = new Map<string, CollectionSchema>();
  for (const one of found.toSorted((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1))) {
    const name = nameOf(one);
    if (name === historyCollection || name.startsWith('system.')) continue;
    const type = textAt(one, 'type') ?? 'collection';
    const options = `${type} ${name} ${textOf(documentAt(one, 'options') ?? {})}`;
    const indexes = type === 'view' ? [] : await readIndexes(client, database, name, signal);
    const lines = [options, ...indexes.map((index) => `index of ${name}: ${textOf(index)}`).sort()];
    schema.set(name, { name, lines, indexes: indexes.map(nameOf) });
  }
  return schema;
}

async function readIndexes(
  client: MemberClient,
  database: string,
  collection: string,
  signal: AbortSignal,
): Promise<readonly Document[]> {
  const indexes: Document[] = [];
  try {
    const command: Document = { listIndexes: collection };
    for await (const index of client.query(database, command, { ...asking, signal })) indexes.push(index);
  } catch (thrown) {
    // It went away between the two readings.
    if (codeOf(thrown) !== namespaceNotFound) throw thrown;
  }
  return indexes;
}

/** What two schemas differ in, as lines of a diff; empty when they are the same. */
export function differencesOf(
  before: ReadonlyMap<string, CollectionSchema>,
  after: ReadonlyMap<string, CollectionSchema>,
  only?: readonly string[],
): readonly string[] {
  const lines = (schema: ReadonlyMap<string, CollectionSchema>): readonly string[] =>
    [...schema.values()].filter(({ name }) => only?.includes(name) ?? true).flatMap((one) => one.lines);
  const [was, is] = [lines(before), lines(after)];
  return [
    ...was.filter((line) => !is.includes(line)).map((line) => `- ${line}`),
    ...is.filter((line) => !was.includes(line)).map((line) => `+ ${line}`),
  ];
}

/** Documents that are read one by one to tell whether a collection is as it was. */
export const mostRead = 20_000;

/** What a collection holds: how many documents, and a digest of all of them where there are not too many. @throws {CollectError} */
export async function readMark(
  client: MemberClient,
  database: string,
  collection: string,
  signal: AbortSignal,
): Promise<Mark> {
  const documents = await countDocuments(client, database, collection, {}, signal);
  const list = client.query(
    database,
    { listCollections: 1, filter: { name: collection }, nameOnly: true, authorizedCollections: true },
    { ...asking, signal },
  );
  let isThere = false;
  for await (const _ of list) isThere = true;
  if (!isThere) return { collection, documents: null, digest: null };
  if (documents > mostRead) return { collection, documents, digest: null };
  const hash = createHash('sha256');
  const command: Document = { find: collection, filter: {}, sort: { _id: 1 } };
  for await (const document of client.query(database, command, { ...asking, signal }))
    hash.update(BSON.serialize(document));
  return { collection, documents, digest: hash.digest('hex') };
}

/** How many documents a filter finds; 0 where there is no such collection. @throws {CollectError} */
export async function countDocuments(
  client: MemberClient,
  database: string,
  collection: string,
  filter: Document,
  signal: AbortSignal,
): Promise<number> {
  const answer = await client.command(
    database,
    { count: collection, query: filter },
    { ...asking, signal, maxTimeMs: countLimitMs },
  );
  const count = toNumber(answer['n']);
  if (count === undefined)
    throw new CollectError('malformed', `${client.name} counted no documents of ${database}.${collection}`);
  return count;
}

const countLimitMs = 60_000;

/** Whether both say that nothing was written in between; unsure is no. */
export function isSameMark(one: Mark | undefined, other: Mark): boolean {
  if (one === undefined || one.documents !== other.documents) return false;
  return one.documents === null || (one.digest !== null && one.digest === other.digest);
}

function nameOf(document: Document): string {
  return textAt(document, 'name') ?? '';
}

function textOf(document: Document): string {
  return BSON.EJSON.stringify(document, { relaxed: true });
}
