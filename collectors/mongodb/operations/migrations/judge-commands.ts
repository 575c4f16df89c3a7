import type { MigrationFile, Refusal } from '../../../../src/sdk.ts';
import { at, type Document, documentAt, isDocument, listAt, textAt } from '../../document.ts';
import { type FileCommand, FileError, parseCommands } from './command-file.ts';

/** Collection in which Reeve keeps what it has applied, in the database that was migrated. */
export const historyCollection = 'reeve_migrations';

interface Rule {
  /** Fields that may stand beside the command's name. */
  readonly fields: readonly string[];
  /** What is wrong with it, and what to write instead. */
  readonly judge: (command: FileCommand) => readonly string[];
}

const own: ReadonlySet<string> = new Set(['admin', 'config', 'local']);

const options = [
  'capped', 'size', 'max', 'validator', 'validationLevel', 'validationAction', 'collation', 'timeseries', 'clusteredIndex', 'viewOn',
  'pipeline', 'changeStreamPreAndPostImages', 'expireAfterSeconds',
]; // biome-ignore format: a word list

/** Commands that a migration may hold. Everything else is refused. */
const rules: Readonly<Record<string, Rule>> = {
  create: { fields: options, judge: noExpiry },
  createIndexes: { fields: ['indexes'], judge: judgeIndexes },
  dropIndexes: { fields: ['index'], judge: judgeDropIndexes },
  collMod: {
    fields: [
      'validator',
      'validationLevel',
      'validationAction',
      'index',
      'viewOn',
      'pipeline',
      'expireAfterSeconds',
    ],
    judge: noExpiry,
  },
  renameCollection: { fields: ['to', 'dropTarget'], judge: judgeRename },
  update: { fields: ['updates', 'ordered', 'bypassDocumentValidation'], judge: judgeUpdate },
  insert: { fields: ['documents', 'ordered', 'bypassDocumentValidation'], judge: judgeInsert },
  delete: { fields: ['deletes', 'ordered'], judge: judgeDelete },
  drop: {
    fields: [],
    judge: ({ declared }) =>
      declared.deletes === undefined
        ? [
            'deletes a collection with all its documents and does not declare it: add "$reeve": {"deletes": "all"}',
          ]
        : [],
  },
};

/** Why some others are refused, in words of their own. */
const refused: Readonly<Record<string, string>> = {
  dropDatabase: 'deletes a whole database: that is no migration, and no rollback brings it back',
  aggregate:
    'may replace or fill a collection by $out or $merge, which no rollback takes back: write updates',
  mapReduce: 'runs a program on the server and may replace a collection: write updates',
  eval: 'runs a program on the server, which nobody can judge',
  findAndModify: 'changes one document that nobody knows before: write an update with a filter',
  applyOps: 'writes past all rules',
  shardCollection: 'cannot be taken back at once: do it by hand, with the balancer in view',
};

/** Operators that come to the same when they are applied twice, as a crash in the middle may cause. */
const repeatable: ReadonlySet<string> = new Set([
  '$set',
  '$unset',
  '$rename',
  '$min',
  '$max',
  '$addToSet',
  '$pull',
  '$pullAll',
  '$setOnInsert',
]);

/** Everything that can be said of one file without a database. */
export function judgeFile(file: MigrationFile, fallback: string | undefined): readonly Refusal[] {
  const up = parseSide(file, 'up', fallback);
  const down = parseSide(file, 'down', fallback);
  const refusals = [...up.refusals, ...down.refusals];
  for (const command of up.commands) refusals.push(...judgeCommand(file, 'up', command));
  for (const command of withOwnDrops(up.commands, down.commands))
    refusals.push(...judgeCommand(file, 'down', command));
  return [...refusals, ...judgeDatabases(file, [...up.commands, ...down.commands])];
}

/** A collection that the file itself creates may be dropped by its rollback without a word: what else is in it by then is looked at first. */
export function withOwnDrops(
  up: readonly FileCommand[],
  down: readonly FileCommand[],
): readonly FileCommand[] {
  const created = new Set(up.filter(({ name }) => name === 'create').map(({ collection }) => collection));
  return down.map((command) =>
    command.name === 'drop' && created.has(command.collection)
      ? { ...command, declared: { ...command.declared, deletes: 'all' } }
      : command,
  );
}

/** One file is about one database: its history stands there. */
function judgeDatabases(file: MigrationFile, commands: readonly FileCommand[]): readonly Refusal[] {
  const databases = [...new Set(commands.map(({ database }) => database))];
  return databases.length < 2
    ? []
    : [
        {
          id: 'one_database',
          text: `${file.name} is about ${databases.join(' and ')}: write a file for each`,
        },
      ];
}

function parseSide(file: MigrationFile, side: 'up' | 'down', fallback: string | undefined) {
  const text = file[side];
  const name = `${file.name}.${side}.json`;
  if (text.trim() === '' || text.trim() === '[]')
    return {
      commands: [],
      refusals: [
        side === 'down'
          ? {
              id: 'no_rollback',
              text: `${name} is missing or empty: nothing is applied that cannot be taken back`,
            }
          : { id: 'empty_file', text: `${name} holds no command` },
      ],
    };
  try {
    return { commands: parseCommands(text, fallback), refusals: [] };
  } catch (thrown) {
    if (!(thrown instanceof FileError)) throw thrown;
    return {
      commands: [],
      refusals: [{ id: 'no_commands', text: `${name}:${thrown.line}: ${thrown.message}` }],
    };
  }
}

function judgeCommand(file: MigrationFile, side: 'up' | 'down', command: FileCommand): readonly Refusal[] {
  const where = `${file.name}.${side}.json:${command.line}: ${command.name}`;
  return problemsOf(command).map((problem) => ({ id: 'refused_command', text: `${where} ${problem}` }));
}

function problemsOf(command: FileCommand): readonly string[] {
  const { name, collection, database } = command;
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule === undefined)
    return [
      (Object.hasOwn(refused, name) ? refused[name] : undefined) ??
        `is not among the commands of a migration: ${Object.keys(rules).join(', ')}`,
    ];
  const unknown = Object.keys(command.command).filter(
    (field) => field !== name && !rule.fields.includes(field),
  );
  return [
    ...(own.has(database) ? [`is about ${database}, which is the server's own`] : []),
    ...(collection === '' || collection.startsWith('system.') ? ['names no collection of yours'] : []),
    ...(collection === historyCollection
      ? ['is about the history of migrations, which is kept by Reeve']
      : []),
    ...unknown.map(
      (field) => `has the field "${field}", which is not for a migration to set${hints[field] ?? ''}`,
    ),
    ...rule.judge(command),
  ];
}

const hints: Readonly<Record<string, string>> = {
  writeConcern: ': everything is written to a majority',
  maxTimeMS: ': waiting for locks is limited by remediation.lockTimeout',
  comment: ': Reeve names its run there',
};

function noExpiry({ command }: FileCommand): readonly string[] {
  const expires = [at(command, 'expireAfterSeconds'), at(command, 'index.expireAfterSeconds')];
  return expires.some((value) => value !== undefined) ? [expiry] : [];
}

const expiry =
  'lets documents expire, which deletes them without end: no rollback brings them back, so do it by hand';

function judgeIndexes({ command }: FileCommand): readonly string[] {
  const indexes = listAt(command, 'indexes');
  if (indexes.length === 0) return ['builds no index: "indexes" is empty'];
  return indexes.flatMap((index) => [
    ...(textAt(index, 'name') === undefined
      ? ['builds an index without a name: its rollback drops it by name']
      : []),
    ...(documentAt(index, 'key') === undefined ? ['builds an index without a key'] : []),
    ...(at(index, 'background') === undefined
      ? []
      : ['asks for a build in the background (or not), which means nothing since MongoDB 4.2: leave it out']),
    ...(at(index, 'expireAfterSeconds') === undefined ? [] : [expiry]),
  ]);
}

/** Names that a command drops. */
export function droppedIndexes(command: Document): readonly string[] {
  const index = at(command, 'index');
  const all: readonly unknown[] = Array.isArray(index) ? index : [index];
  return all.filter((name) => typeof name === 'string');
}

function judgeDropIndexes({ command }: FileCommand): readonly string[] {
  const names = droppedIndexes(command);
  if (names.length === 0) return ['drops indexes by something else than their names'];
  return names.some((name) => name === '*' || name === '_id_')
    ? ['drops all indexes, or the one on _id']
    : [];
}

function judgeRename({ command, database }: FileCommand): readonly string[] {
  const [from, to] = [textAt(command, 'renameCollection') ?? '', textAt(command, 'to') ?? ''];
  const isInside = [from, to].every((name) => name.startsWith(`${database}.`));
  return [
    ...(isInside
      ? []
      : [`names not both collections as ${database}.collection: moving between databases copies and drops`]),
    ...(at(command, 'dropTarget') === true ? ['drops what has the new name (dropTarget)'] : []),
  ];
}

function judgeUpdate({ command, declared }: FileCommand): readonly string[] {
  const updates = listAt(command, 'updates');
  if (updates.length === 0) return ['updates nothing: "updates" is empty'];
  return updates.flatMap((update) => [
    ...(isEmpty(at(update, 'q')) && declared.updates === undefined
      ? ['has an empty filter: if every document is meant, add "$reeve": {"updates": "all"}']
      : []),
    ...(at(update, 'upsert') === true ? ['inserts what it does not find (upsert): write an insert'] : []),
    ...judgeChange(at(update, 'u')),
  ]);
}

function judgeChange(change: unknown): readonly string[] {
  if (Array.isArray(change)) return change.flatMap((stage) => judgeStage(stage));
  if (!isDocument(change)) return ['has no change ("u")'];
  const operators = Object.keys(change);
  if (operators.some((operator) => !operator.startsWith('$')))
    return ['replaces whole documents: what else is in them would be lost; use $set'];
  return operators
    .filter((operator) => !repeatable.has(operator))
    .map(
      (operator) =>
        `uses ${operator}, which would count twice when a crash in the middle has it repeated: use $set`,
    );
}

function judgeStage(stage: unknown): readonly string[] {
  const [name = '', operand] = Object.entries(isDocument(stage) ? stage : {})[0] ?? [];
  if (!['$set', '$addFields', '$unset', '$project'].includes(name))
    return [`has the stage ${name}: $set and $unset only`];
  if (name === '$project') return ['keeps some fields and loses all others ($project): use $unset'];
  const fields = isDocument(operand) ? Object.entries(operand) : [];
  return fields
    .filter(([field, value]) => JSON.stringify(value ?? null).includes(`"$${field}`))
    .map(
      ([field]) =>
        `computes ${field} from itself, which would count twice when a crash in the middle has it repeated: write a new field`,
    );
}

function judgeInsert({ command }: FileCommand): readonly string[] {
  const documents = listAt(command, 'documents');
  if (documents.length === 0) return ['inserts nothing'];
  return documents.some((document) => at(document, '_id') === undefined)
    ? [
        'inserts a document without _id: a crash in the middle would insert it twice, and a rollback finds it by its _id',
      ]
    : [];
}

function judgeDelete({ command, declared }: FileCommand): readonly string[] {
  const deletes = listAt(command, 'deletes');
  const isAll = deletes.some((each) => isEmpty(at(each, 'q')) && at(each, 'limit') !== 1);
  return [
    ...(deletes.length === 0 ? ['deletes nothing: "deletes" is empty'] : []),
    ...(declared.deletes === undefined
      ? ['deletes documents and does not declare how many: add "$reeve": {"deletes": 12} (at most), or "all"']
      : []),
    ...(isAll && declared.deletes !== 'all' && declared.deletes !== undefined
      ? [
          'has an empty filter and declares a number: if every document is meant, "$reeve": {"deletes": "all"}',
        ]
      : []),
  ];
}

function isEmpty(filter: unknown): boolean {
  return !isDocument(filter) || Object.keys(filter).length === 0;
}
