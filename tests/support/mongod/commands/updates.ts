import { failure } from '../errors.ts';
import type { CollectionEntry } from '../model/catalog.ts';
import { place } from '../model/counters.ts';
import { matchesFilter, valueAt } from '../query/match.ts';
import { runPipeline } from '../query/pipeline.ts';
import { type Doc, docOf, isDoc, isOn, listOf } from '../values.ts';
import { authorize } from './access.ts';
import type { Call, CommandTable } from './command.ts';
import { partsOf } from './namespaces.ts';

/** Changes of documents by the simplest operators, and of names; no upserts, no array filters. */
export const updateCommands: CommandTable = {
  update: { needs: { action: 'update', on: 'collection' }, wants: 'write', run: update },
  renameCollection: { wants: 'write', run: rename },
  validate: { needs: { action: 'validate', on: 'collection' }, wants: 'read', run: validate },
};

type Change = (row: Doc, field: string, operand: unknown) => void;

const operators: Readonly<Record<string, Change>> = {
  $set: (row, field, operand) => place(row, field, operand),
  $unset: (row, field) => remove(row, field),
  $rename: (row, field, operand) => {
    const value = valueAt(row, field);
    if (value === undefined) return;
    remove(row, field);
    place(row, String(operand), value);
  },
};

/** @see https://www.mongodb.com/docs/manual/reference/command/update/ */
function update({ node, database, body }: Call): Doc {
  let matched = 0;
  let modified = 0;
  for (const statement of listOf(body['updates']).filter(isDoc)) {
    for (const { set } of partsOf(node, database, String(body['update']))) {
      const rows = set.catalog.find(database, String(body['update']))?.rows ?? [];
      const found = rows.filter((row) => matchesFilter(row, docOf(statement['q'])));
      for (const row of isOn(statement['multi']) ? found : found.slice(0, 1)) {
        const changed = changedRow(row, statement['u']);
        matched += 1;
        if (JSON.stringify(changed) !== JSON.stringify(row)) modified += 1;
        rows.splice(rows.indexOf(row), 1, changed);
      }
    }
  }
  return { n: matched, nModified: modified };
}

function changedRow(row: Doc, change: unknown): Doc {
  if (Array.isArray(change)) return [...runPipeline([row], change)][0] ?? row;
  const copy = structuredCopy(row);
  for (const [operator, fields] of Object.entries(docOf(change))) {
    const apply = operators[operator];
    if (!apply) throw failure('FailedToParse', `Unknown modifier: ${operator}`);
    for (const [field, operand] of Object.entries(docOf(fields))) apply(copy, field, operand);
  }
  return copy;
}

/** @see https://www.mongodb.com/docs/manual/reference/command/renameCollection/ */
function rename(call: Call): Doc {
  const [from, to] = [String(call.body['renameCollection']), String(call.body['to'])];
  const [database, name] = splitOnce(from);
  const [, wanted] = splitOnce(to);
  authorize(call, 'renameCollectionSameDB', { database, collection: name });
  for (const { set } of partsOf(call.node, database)) {
    const collections = set.catalog.databases.get(database);
    const found = collections?.get(name);
    if (!collections || !found)
      throw failure('NamespaceNotFound', `Source collection ${from} does not exist`);
    if (collections.has(wanted)) throw failure('NamespaceExists', 'target namespace exists');
    const renamed: CollectionEntry = { ...found, name: wanted };
    collections.delete(name);
    collections.set(wanted, renamed);
  }
  return {};
}

/** @see https://www.mongodb.com/docs/manual/reference/command/validate/ */
function validate({ node, database, body }: Call): Doc {
  const name = String(body['validate']);
  const [part] = partsOf(node, database, name);
  const found = part?.set.catalog.find(database, name);
  if (!found)
    throw failure('NamespaceNotFound', `Collection '${database}.${name}' does not exist to validate.`);
  return { ns: `${database}.${name}`, nrecords: found.documents, nIndexes: found.indexes.size, valid: true };
}

function splitOnce(namespace: string): readonly [string, string] {
  const dot = namespace.indexOf('.');
  return [namespace.slice(0, dot), namespace.slice(dot + 1)];
}

function remove(row: Doc, path: string): void {
  const [head = '', ...rest] = path.split('.');
  if (rest.length === 0) delete row[head];
  else if (isDoc(row[head])) remove(row[head], rest.join('.'));
}

function structuredCopy(row: Doc): Doc {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, isDoc(value) ? structuredCopy(value) : value]),
  );
}
