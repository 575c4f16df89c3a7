import { errorCodes, failure } from '../errors.ts';
import { type Member } from '../model/member.ts';
import type { Node } from '../node.ts';
import { equals, matchesFilter } from '../query/match.ts';
import { project, runPipeline, sorted } from '../query/pipeline.ts';
import { type Doc, docOf, isDoc, isOn, listOf, numberOf } from '../values.ts';
import { aggregate } from './aggregate.ts';
import type { Call, CommandTable } from './command.ts';
import { partsOf } from './namespaces.ts';
import { documentsOf } from './rows.ts';

/** Enough of reading and writing to move counters and to keep a few rows; no updates of documents, no query planner. */
export const documentCommands: CommandTable = {
  find: { needs: { action: 'find', on: 'collection' }, wants: 'read', run: find },
  aggregate: { wants: 'read', run: aggregate },
  count: { needs: { action: 'find', on: 'collection' }, wants: 'read', run: count },
  insert: { needs: { action: 'insert', on: 'collection' }, wants: 'write', run: insert },
  delete: { needs: { action: 'remove', on: 'collection' }, wants: 'write', run: remove },
  create: { needs: { action: 'createCollection', on: 'collection' }, wants: 'write', run: create },
  drop: { needs: { action: 'dropCollection', on: 'collection' }, wants: 'write', run: drop },
};

/** Most rows a collection keeps; further inserts only count. */
const ROWS_KEPT = 10_000;

function find(call: Call): Doc {
  const { node, body, database } = call;
  const name = String(body['find']);
  const all = documentsOf(node, database, name);
  const sort = docOf(body['sort']);
  const natural = numberOf(sort['$natural']);
  const ordered = natural === undefined ? all : [...all];
  if (natural === -1 && Array.isArray(ordered)) ordered.reverse();
  const matching = runPipeline(ordered, [{ $match: docOf(body['filter']) }]);
  const inOrder = natural === undefined && Object.keys(sort).length > 0 ? sorted(matching, sort) : matching;
  const limit = numberOf(body['limit']) ?? 0;
  const cut = runPipeline(inOrder, [
    { $skip: numberOf(body['skip']) ?? 0 },
    ...(limit > 0 ? [{ $limit: limit }] : []),
  ]);
  const shown = projected(cut, docOf(body['projection']));
  counted(node, database, 'opcounters.query', 1);
  return node.cursors.first(`${database}.${name}`, shown, {
    batchSize: body['batchSize'],
    singleBatch: body['singleBatch'],
  });
}

function* projected(documents: Iterable<Doc>, projection: Doc): Iterable<Doc> {
  for (const one of documents) yield project(one, projection);
}

function count(call: Call): Doc {
  const { node, body, database } = call;
  const name = String(body['count']);
  const query = docOf(body['query']);
  if (Object.keys(query).length > 0)
    return { n: [...documentsOf(node, database, name)].filter((one) => matchesFilter(one, query)).length };
  return {
    n: partsOf(node, database, name).reduce(
      (sum, { set }) => sum + (set.catalog.find(database, name)?.documents ?? 0),
      0,
    ),
  };
}

function insert(call: Call): Doc {
  const { node, body, database } = call;
  const documents = listOf(body['documents']).filter(isDoc);
  // A collection that nobody has yet is made where its database is.
  const [part] = [...partsOf(node, database, String(body['insert'])), ...partsOf(node, database)];
  const collection = part?.set.catalog.findOrAdd(database, String(body['insert']));
  if (collection) {
    const taken = documents.findIndex(({ _id: id }) => id !== undefined && has(collection.rows, id));
    if (taken >= 0)
      return {
        n: 0,
        writeErrors: [{ index: taken, code: errorCodes.DuplicateKey, errmsg: 'E11000 duplicate key error' }],
      };
    collection.documents += documents.length;
    collection.rows.push(...documents.slice(0, Math.max(0, ROWS_KEPT - collection.rows.length)));
  }
  counted(node, database, 'opcounters.insert', documents.length);
  counted(node, database, 'metrics.document.inserted', documents.length);
  return { n: documents.length };
}

/** Of big collections nobody looks. */
function has(rows: readonly Doc[], id: unknown): boolean {
  return rows.length <= 1_000 && rows.some((row) => equals(row['_id'], id));
}

function remove(call: Call): Doc {
  const { node, body, database } = call;
  let removed = 0;
  for (const statement of listOf(body['deletes']).filter(isDoc)) {
    for (const { set } of partsOf(node, database, String(body['delete']))) {
      const collection = set.catalog.find(database, String(body['delete']));
      if (!collection) continue;
      const doomed = collection.rows.filter((row) => matchesFilter(row, docOf(statement['q'])));
      for (const row of isOn(statement['limit']) ? doomed.slice(0, 1) : doomed) {
        collection.rows.splice(collection.rows.indexOf(row), 1);
        collection.documents -= 1;
        removed += 1;
      }
    }
  }
  counted(node, database, 'opcounters.delete', listOf(body['deletes']).length);
  return { n: removed };
}

function create(call: Call): Doc {
  const [part] = partsOf(call.node, call.database);
  const name = String(call.body['create']);
  if (part?.set.catalog.find(call.database, name))
    throw failure('NamespaceExists', `Collection ${call.database}.${name} already exists.`);
  const options = Object.fromEntries(Object.entries(call.body).filter(([key]) => collectionOptions.has(key)));
  part?.set.catalog.add(call.database, name, { options });
  return {};
}

const collectionOptions = new Set([
  'capped',
  'size',
  'max',
  'validator',
  'validationLevel',
  'validationAction',
  'collation',
]);

function drop(call: Call): Doc {
  for (const { set } of partsOf(call.node, call.database))
    set.catalog.databases.get(call.database)?.delete(String(call.body['drop']));
  return {};
}

/** Reading what the server keeps about itself does not count, so that watching it leaves a test's numbers alone. */
function counted(node: Node, database: string, path: string, by: number): void {
  if (node.role.kind === 'mongos' || ['admin', 'config', 'local'].includes(database)) return;
  const member: Member = node.role.member;
  member.counters.add(path, by);
}
