import {
  type Candidate,
  CollectError,
  type FindRequest,
  inMigrationOrder,
  type JsonObject,
  judgeMigrationNames,
  type MigrationFile,
  migrationSubject,
  type OperationContext,
  type Plan,
  type PlanDraft,
  type Refusal,
  readMigrationRequest,
} from '../../../../src/sdk.ts';
import { parseMongoUrl } from '../../url.ts';
import { checkHealth, healthPreconditions } from '../health.ts';
import { identityChanges } from '../index-checks.ts';
import { identifyPlace, type Place, refuse } from '../place.ts';
import type { FileCommand } from './command-file.ts';
import { parseCommands } from './command-file.ts';
import { follow, locksOf, namedCollections, namesOf } from './effects.ts';
import { asReader, type HistoryRow, readHistory } from './history.ts';
import { judgeFile } from './judge-commands.ts';
import { asJson, type MigrationFacts, migrationFactsOf } from './migration-facts.ts';
import { fingerprintOf, pendingFiles } from './migration-files.ts';
import { type CollectionSchema, differencesOf, readMark, readSchema } from './survey.ts';

/** The database that files mean which name none. */
export function databaseOf({ input }: Place): string | undefined {
  return parseMongoUrl(input.options.url).database;
}

/** One candidate for all files that are not applied yet; what speaks against them is said when they are planned. */
export async function findMigration(
  place: Place,
  { request, only }: FindRequest,
  { signal }: OperationContext,
): Promise<readonly Candidate[]> {
  const brought = readMigrationRequest(request);
  if (brought === undefined || brought.files.length === 0) return [];
  const files = inMigrationOrder(brought.files);
  const database = databaseIn(files, databaseOf(place));
  const history = database === undefined ? [] : await historyOf(place, database, signal);
  const { pending, refusals } = pendingFiles(files, history);
  const last = pending.at(-1) ?? files.at(-1);
  if (last === undefined || (pending.length === 0 && refusals.length === 0)) return [];
  const subject = migrationSubject(database ?? 'no database', last.name);
  if (only !== undefined && only !== subject) return [];
  return [
    {
      action: 'apply_migration',
      subject,
      title: `${pending.length} migrations of ${brought.directory} are not applied to ${database ?? 'the target'}`,
      facts: { directory: brought.directory, files: files.map((file) => ({ ...file })) } satisfies JsonObject,
    },
  ];
}

/** Of the first command that can be read. */
export function databaseIn(
  files: readonly MigrationFile[],
  fallback: string | undefined,
): string | undefined {
  for (const { up } of files) {
    try {
      const [command] = parseCommands(up, fallback);
      if (command !== undefined) return command.database;
    } catch {
      // What is wrong with it is said when it is judged.
    }
  }
  return fallback;
}

export function historyOf(
  place: Place,
  database: string,
  signal: AbortSignal,
): Promise<readonly HistoryRow[]> {
  return asReader(place, signal, (client) => readHistory(client, database, signal));
}

/** Everything that can be said of files without a database. */
export function judgeFiles(
  files: readonly MigrationFile[],
  fallback: string | undefined,
): readonly Refusal[] {
  const sorted = inMigrationOrder(files);
  const databases = new Set(sorted.flatMap((file) => databaseIn([file], fallback) ?? []));
  const mixed =
    databases.size > 1
      ? [
          {
            id: 'one_database',
            text: `the files are about ${[...databases].join(' and ')}: bring those of one database at a time`,
          },
        ]
      : [];
  return [...judgeMigrationNames(sorted), ...mixed, ...sorted.flatMap((file) => judgeFile(file, fallback))];
}

/** The files of a plan, as they stand in it: asked before it is stored and again before it is executed. */
export function judgePlan({ action, acts, facts }: PlanDraft): readonly Refusal[] {
  if (action !== 'apply_migration') return [];
  const { database, files } = migrationFactsOf({ facts });
  const tools = new Map(files.map(({ name, tool }) => [name, tool]));
  return judgeFiles(
    acts.map(({ id, statement, undo }) => ({
      name: id,
      up: statement,
      down: undo[0] ?? '',
      tool: tools.get(id) ?? 'reeve',
    })),
    database,
  );
}

export async function planMigration(
  place: Place,
  candidate: Candidate,
  context: OperationContext,
): Promise<PlanDraft | Refusal> {
  const { signal } = context;
  const files = readMigrationRequest(candidate.facts)?.files ?? [];
  const fallback = databaseOf(place);
  const database = databaseIn(files, fallback);
  if (database === undefined) return refuse(judgeFiles(files, undefined), context);
  const history = await historyOf(place, database, signal);
  const { pending, refusals: past } = pendingFiles(files, history);
  const judged = judgeFiles(pending, fallback);
  if (past.length + judged.length > 0) return refuse([...past, ...judged], context);
  const schema = await asReader(place, signal, (client) => readSchema(client, database, signal));
  const commands = pending.flatMap(({ up }) => parseCommands(up, fallback));
  const deployment = await place.reading.discover(signal);
  const refusals = [
    ...impossible(pending, schema, fallback),
    ...(await checkHealth(deployment, undefined, signal)),
  ];
  if (refusals.length > 0) return refuse(refusals, context);
  const facts: MigrationFacts = {
    database,
    files: pending.map((file) => ({ name: file.name, tool: file.tool, sha256: fingerprintOf(file) })),
    history: inMigrationOrder(history).map(({ name, sha256 }) => ({ name, sha256 })),
    collections: await describeCollections(place, database, schema, commands, signal),
  };
  context.evidence({
    kind: 'catalogue',
    title: `schema of ${database} before ${pending.length} migrations`,
    body: {
      collections: facts.collections.map(({ name, lines, documents }) => ({ name, lines, documents })),
    },
  });
  const identity = await identifyPlace(place, signal);
  return compose(place, { candidate, identity, pending, facts, commands, fallback });
}

/** A command that finds the schema otherwise than it needs it. */
function impossible(
  files: readonly MigrationFile[],
  schema: ReadonlyMap<string, CollectionSchema>,
  fallback: string | undefined,
): readonly Refusal[] {
  const names = namesOf(schema);
  return files.flatMap(({ name, up }) =>
    parseCommands(up, fallback).flatMap((command) => {
      const problem = follow(names, command);
      return problem === undefined
        ? []
        : [{ id: 'schema_as_needed', text: `${name}.up.json:${command.line}: ${command.name}: ${problem}` }];
    }),
  );
}

async function describeCollections(
  place: Place,
  database: string,
  schema: ReadonlyMap<string, CollectionSchema>,
  commands: readonly FileCommand[],
  signal: AbortSignal,
): Promise<MigrationFacts['collections']> {
  const described: MigrationFacts['collections'] = [];
  for (const name of namedCollections(commands)) {
    const found = schema.get(name);
    if (found === undefined) continue;
    const { documents } = await asReader(place, signal, (client) => readMark(client, database, name, signal));
    described.push({ name, lines: [...found.lines], documents });
  }
  return described;
}

interface Composing {
  readonly candidate: Candidate;
  readonly identity: PlanDraft['identity'];
  readonly pending: readonly MigrationFile[];
  readonly facts: MigrationFacts;
  readonly commands: readonly FileCommand[];
  readonly fallback: string | undefined;
}

function compose({ input }: Place, composing: Composing): PlanDraft {
  const { candidate, identity, pending, facts, commands, fallback } = composing;
  const { database } = facts;
  const objects = namedCollections(commands).map((name) => `collection ${database}.${name}`);
  const documents = facts.collections.reduce((sum, each) => sum + (each.documents ?? 0), 0);
  return {
    target: input.target.id,
    engine: 'mongodb',
    pipeline: 'migration',
    action: 'apply_migration',
    identity,
    subject: candidate.subject,
    title: `apply ${pending.map(({ name }) => name).join(', ')} to ${database}`,
    acts: pending.map((file) => ({
      id: file.name,
      summary: `apply ${file.name} to ${database}`,
      statement: file.up,
      undo: [file.down],
      undoKind: 'rebuild' as const,
      locks: locksOf(parseCommands(file.up, fallback)),
    })),
    preconditions: [
      { id: 'same_server', text: 'the same deployment, primary and version; no election since' },
      ...healthPreconditions,
      { id: 'same_history', text: 'no migration was applied or taken back since' },
      { id: 'schema_as_planned', text: 'the collections that the files name are as they were' },
      { id: 'own_files', text: 'the files are ones that Reeve may apply, and not those of another tool' },
    ],
    blastRadius: { objects, bytes: null, locks: [locksOf(commands)], estimatedMs: null },
    cost: `${commands.length} commands on ${objects.length} collections with ${documents} documents; the rehearsal measures how long they take`,
    expectation: {
      kind: 'in_force',
      byAtLeast: 0,
      text: 'the history of the database has the files, and the indexes that they build are there',
    },
    exclusive: [`database ${database}`],
    warnings: warningsOf(pending, commands),
    facts: asJson(facts),
  };
}

function warningsOf(files: readonly MigrationFile[], commands: readonly FileCommand[]): readonly string[] {
  const foreign = files.filter(({ tool }) => tool !== 'reeve').map(({ name }) => name);
  const has = (name: string): boolean => commands.some((command) => command.name === name);
  const deletes = commands.filter(({ declared }) => declared.deletes !== undefined);
  return [
    'MongoDB has no transaction around changes of schema: each command is done for itself, the history says how far a file is, and what fails in the middle is taken back by its down',
    ...(foreign.length === 0
      ? []
      : [`${foreign.join(', ')} are another tool's: judged and rehearsed, never applied by Reeve`]),
    ...(has('collMod')
      ? [
          'a stricter validator refuses later writes to documents that do not match: count them first, or use validationLevel moderate',
        ]
      : []),
    ...(has('renameCollection')
      ? ['renaming a collection breaks code that uses the old name at that moment, and ends open cursors']
      : []),
    ...(has('dropIndexes')
      ? [
          'dropping an index slows what it serves at once; hide it first and watch (pipeline index_management)',
        ]
      : []),
    ...deletes.map(
      ({ collection, declared }) =>
        `deletes documents of ${collection}, as declared: ${declared.deletes ?? ''}`,
    ),
  ];
}

/** Whether the world is still as planned. */
export async function recheckMigration(
  place: Place,
  plan: Plan,
  { signal }: OperationContext,
): Promise<readonly Refusal[]> {
  const facts = migrationFactsOf(plan);
  const { database } = facts;
  const changed = (await identityChanges(place, plan, signal)).map((text) => ({ id: 'same_server', text }));
  const deployment = await place.reading.discover(signal);
  const foreign = facts.files.filter(({ tool }) => tool !== 'reeve');
  const refusals: Refusal[] = [
    ...changed,
    ...(await checkHealth(deployment, undefined, signal)),
    ...foreign.map(({ name, tool }) => ({
      id: 'own_files',
      text: `${name} is ${tool}'s: apply it by ${tool}, which keeps its history`,
    })),
  ];
  try {
    const history = inMigrationOrder(await historyOf(place, database, signal));
    const own = new Set(facts.files.map(({ name }) => name));
    const others = history
      .filter(({ name }) => !own.has(name))
      .map(({ name, sha256 }) => `${name} ${sha256}`);
    const planned = facts.history.map(({ name, sha256 }) => `${name} ${sha256}`);
    if (others.join() !== planned.join())
      refusals.push({
        id: 'same_history',
        text: `the history of ${database} is another one than was planned on: plan anew`,
      });
    // Once it is begun the schema is in between, and the history says where.
    if (history.some(({ name }) => own.has(name))) return refusals;
    const schema = await asReader(place, signal, (client) => readSchema(client, database, signal));
    const before = new Map(
      facts.collections.map((each) => [each.name, { name: each.name, lines: each.lines, indexes: [] }]),
    );
    const named = namedCollections(plan.acts.flatMap(({ statement }) => parseCommands(statement, database)));
    const other = differencesOf(before, schema, named);
    if (other.length > 0)
      refusals.push({
        id: 'schema_as_planned',
        text: `the schema changed since the plan was made: ${other.slice(0, 5).join('; ')}`,
      });
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof CollectError)) throw thrown;
    refusals.push({ id: 'schema_as_planned', text: thrown.message });
  }
  return refusals;
}
