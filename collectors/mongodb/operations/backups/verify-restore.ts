import { type DrillCheck, messageOf } from '../../../../src/sdk.ts';
import {
  type DumpContents,
  type DumpedCollection,
  digestOf,
  ownDatabases,
} from '../../backups/dump-contents.ts';
import { BSON } from '../../client.ts';
import { booleanAt, textAt, toNumber } from '../../document.ts';
import type { ScratchClient } from './scratch-client.ts';

interface Looking {
  readonly client: ScratchClient;
  readonly contents: DumpContents;
  readonly signal: AbortSignal;
}

/** Collections that `validate` reads from end to end, biggest first; every one of them is counted. */
const mostValidated = 50;
const validateLimitMs = 10 * 60_000;
/** Commands that a server without them answers with. */
const unknownCommand = 59;

/** Compares what was restored with what the dump holds, collection by collection. */
export async function verifyRestore(looking: Looking): Promise<readonly DrillCheck[]> {
  const checks: DrillCheck[] = [await checkDatabases(looking)];
  const dumped = [...looking.contents.collections.values()]
    .filter(({ database, collection }) => !ownDatabases.has(database) && !collection.startsWith('system.'))
    .toSorted((one, other) => other.bytes - one.bytes);
  for (const [at, collection] of dumped.entries()) {
    looking.signal.throwIfAborted();
    checks.push(...(await checkCollection(looking, collection, at < mostValidated)));
  }
  return checks;
}

async function checkDatabases({ client, contents }: Looking): Promise<DrillCheck> {
  const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
  const there = new Set(databases.map(({ name }) => name));
  const missing = contents.databases.filter((name) => !there.has(name) && hasDocuments(contents, name));
  return {
    name: 'databases',
    verdict: missing.length === 0 ? 'passed' : 'failed',
    detail:
      missing.length === 0 ? `all ${contents.databases.length} are there` : `missing: ${missing.join(', ')}`,
  };
}

/** A database of views and empty collections may not be listed. */
function hasDocuments({ collections }: DumpContents, database: string): boolean {
  return [...collections.values()].some((each) => each.database === database && each.documents > 0);
}

async function checkCollection(
  looking: Looking,
  dumped: DumpedCollection,
  isValidated: boolean,
): Promise<readonly DrillCheck[]> {
  const name = `${dumped.database}.${dumped.collection}`;
  try {
    if (dumped.metadata?.type === 'view' || dumped.metadata?.type === 'timeseries')
      return [await checkListed(looking, dumped, name)];
    return [
      await checkCount(looking, dumped, name),
      ...(await checkIndexes(looking, dumped, name)),
      ...(await checkSample(looking, dumped, name)),
      ...(isValidated ? [await validate(looking, dumped, name)] : []),
    ];
  } catch (thrown) {
    looking.signal.throwIfAborted();
    return [
      { name: `collection ${name}`, verdict: 'failed', detail: `could not be read: ${messageOf(thrown)}` },
    ];
  }
}

/** The oplog of the dump changes what its collections held when they were read. */
function isTouched({ contents }: Looking, name: string): boolean {
  const touched = contents.oplog?.touched;
  return touched !== undefined && (touched.has(name) || touched.has(undefined));
}

async function checkListed(
  { client }: Looking,
  { database, collection }: DumpedCollection,
  name: string,
): Promise<DrillCheck> {
  const found = await client.db(database).listCollections({ name: collection }, { nameOnly: true }).toArray();
  return {
    name: `definition of ${name}`,
    verdict: found.length === 1 ? 'passed' : 'failed',
    detail: found.length === 1 ? 'it is there' : 'it is not there',
  };
}

async function checkCount(looking: Looking, dumped: DumpedCollection, name: string): Promise<DrillCheck> {
  const { client } = looking;
  const rows = await client
    .db(dumped.database)
    .collection(dumped.collection)
    .aggregate([{ $count: 'n' }])
    .toArray();
  const count = toNumber(rows[0]?.['n']) ?? 0;
  const isSame = count === dumped.documents;
  const about = `${count} restored, ${dumped.documents} in the dump`;
  if (isSame || !isTouched(looking, name))
    return { name: `documents of ${name}`, verdict: isSame ? 'passed' : 'failed', detail: about };
  return {
    name: `documents of ${name}`,
    verdict: 'passed',
    detail: `${about}; its oplog changes this collection`,
  };
}

async function checkIndexes(
  { client }: Looking,
  dumped: DumpedCollection,
  name: string,
): Promise<readonly DrillCheck[]> {
  const wanted = dumped.metadata?.indexes ?? [];
  if (wanted.length === 0) return [];
  const specs = await client.db(dumped.database).collection(dumped.collection).listIndexes().toArray();
  const there = new Set(specs.map((spec) => textAt(spec, 'name')));
  const missing = wanted.filter((index) => !there.has(index));
  return [
    {
      name: `indexes of ${name}`,
      verdict: missing.length === 0 ? 'passed' : 'failed',
      detail: missing.length === 0 ? `all ${wanted.length} are there` : `missing: ${missing.join(', ')}`,
    },
  ];
}

/** Documents of the dump, byte for byte; read twice, so that the second reading is not of the first one's making. */
async function checkSample(
  looking: Looking,
  dumped: DumpedCollection,
  name: string,
): Promise<readonly DrillCheck[]> {
  if (dumped.sample.length === 0) return [];
  let different = 0;
  for (const bytes of dumped.sample) {
    const id: unknown = BSON.deserialize(bytes, { promoteValues: false })['_id'];
    const wanted = digestOf(bytes);
    const digests = [await digestById(looking, dumped, id), await digestById(looking, dumped, id)];
    if (digests.some((digest) => digest !== wanted)) different += 1;
  }
  const total = dumped.sample.length;
  const touched = isTouched(looking, name);
  const passed = different === 0 || touched;
  return [
    {
      name: `sample of ${name}`,
      verdict: passed ? 'passed' : 'failed',
      detail: `${total - different} of ${total} documents have the SHA-256 that they have in the dump${touched && different > 0 ? '; its oplog changes this collection' : ''}`,
    },
  ];
}

async function digestById(
  { client }: Looking,
  dumped: DumpedCollection,
  id: unknown,
): Promise<string | undefined> {
  const found = await client
    .db(dumped.database)
    .collection(dumped.collection, { raw: true })
    .aggregate([{ $match: { _id: { $eq: id } } }, { $limit: 1 }])
    .toArray();
  const [bytes]: readonly unknown[] = found;
  return bytes instanceof Uint8Array ? digestOf(Buffer.from(bytes)) : undefined;
}

/** The server reads the collection and its indexes itself. */
async function validate({ client }: Looking, dumped: DumpedCollection, name: string): Promise<DrillCheck> {
  const about = `validate of ${name}`;
  try {
    const answer: unknown = await client
      .db(dumped.database)
      .command({ validate: dumped.collection, maxTimeMS: validateLimitMs });
    const isValid = booleanAt(answer, 'valid') === true;
    return {
      name: about,
      verdict: isValid ? 'passed' : 'failed',
      detail: isValid ? 'valid' : 'the server calls it invalid',
    };
  } catch (thrown) {
    const code: unknown = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === unknownCommand)
      return { name: about, verdict: 'not_done', detail: 'the server has no such command' };
    throw thrown;
  }
}
