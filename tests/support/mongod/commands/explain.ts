import { failure } from '../errors.ts';
import type { CollectionEntry } from '../model/catalog.ts';
import { matchesFilter } from '../query/match.ts';
import { type Doc, docOf, isDoc, textOf } from '../values.ts';
import { authorize } from './access.ts';
import type { Call, CommandTable } from './command.ts';
import { partsOf } from './namespaces.ts';

/** Time that looking at one document takes here. */
const microsPerDocument = 10;
const microsPerQuery = 150;

/**
 * Explains a find by the simplest of planners: the visible index of which most leading fields are in the filter, else the whole
 * collection. Its times follow from the documents it looks at; they are invented.
 *
 * @see https://www.mongodb.com/docs/manual/reference/command/explain/
 */
export const explainCommands: CommandTable = {
  explain: { wants: 'read', run: explain },
};

function explain(call: Call): Doc {
  const query = docOf(call.body['explain']);
  const name = textOf(query['find']);
  if (name === undefined) throw failure('CommandNotFound', 'this double explains find only');
  authorize(call, 'find', { database: call.database, collection: name });
  const filter = docOf(query['filter']);
  let examined = 0;
  let keys = 0;
  let returned = 0;
  let plan = 'COLLSCAN';
  for (const { set } of partsOf(call.node, call.database, name)) {
    const collection = set.catalog.find(call.database, name);
    if (!collection) continue;
    const index = bestIndex(collection, filter);
    const candidates =
      index === undefined
        ? collection.rows
        : collection.rows.filter((row) => matchesFilter(row, index.bounds));
    examined += candidates.length;
    keys += index === undefined ? 0 : candidates.length;
    returned += candidates.filter((row) => matchesFilter(row, filter)).length;
    if (index !== undefined) plan = `IXSCAN ${index.name}`;
  }
  const micros = microsPerQuery + examined * microsPerDocument;
  return {
    queryPlanner: { namespace: `${call.database}.${name}`, winningPlan: { stage: plan } },
    executionStats: {
      executionSuccess: true,
      nReturned: returned,
      executionTimeMillis: Math.round(micros / 1_000),
      totalKeysExamined: keys,
      totalDocsExamined: examined,
      executionStages: { stage: plan, executionTimeMicros: micros },
    },
  };
}

function bestIndex(
  { indexes }: CollectionEntry,
  filter: Doc,
): { readonly name: string; readonly bounds: Doc } | undefined {
  let best: { readonly name: string; readonly bounds: Doc; readonly fields: number } | undefined;
  for (const [name, { spec, building }] of indexes) {
    if (building || spec['hidden'] === true || !isDoc(spec['key'])) continue;
    const bounds: Doc = {};
    for (const field of Object.keys(spec['key'])) {
      if (!(field in filter)) break;
      bounds[field] = filter[field];
    }
    const fields = Object.keys(bounds).length;
    if (fields > (best?.fields ?? 0)) best = { name, bounds, fields };
  }
  return best;
}
