import { CollectError, messageOf } from '../../../../src/sdk.ts';
import type { MemberClient } from '../../client.ts';
import { codeOf } from '../../client-errors.ts';
import { type Document, toNumber } from '../../document.ts';
import type { FileCommand } from './command-file.ts';
import { deleteFilters, isExclusive } from './effects.ts';
import { writeErrors } from './history.ts';
import { countDocuments } from './survey.ts';

export interface CommandOptions {
  readonly signal: AbortSignal;
  readonly runId: string;
  /** How long it may wait for a lock, in milliseconds. */
  readonly lockTimeoutMs: number;
  /** It may have been done before: what is there already, or gone already, is no error. */
  readonly isRepeated: boolean;
  readonly monotonicMs: () => number;
}

/** What came of one command. */
export type CommandOutcome =
  | { readonly kind: 'done'; readonly tookMs: number; readonly deleted: number }
  /** Nothing was done: a lock, a declaration, an error of the server. `waits`: it may go another time. */
  | { readonly kind: 'not_done'; readonly waits: boolean; readonly text: string }
  /** Nobody knows: the connection was lost, or a part of it was written. */
  | { readonly kind: 'unknown'; readonly text: string };

/** Of a repeated command: what it wanted is so already. */
const doneAlready: Readonly<Record<string, readonly number[]>> = {
  create: [48],
  dropIndexes: [27, 26],
  drop: [26],
  renameCollection: [26],
  insert: [11_000],
};
/** The server gave way to a lock or its own limit before it changed anything. */
const waiting: ReadonlySet<number> = new Set([50, 24, 46, 112]);
/** Another one leads from now on: what was in the middle may be half written. */
const elections: ReadonlySet<number> = new Set([91, 189, 11_600, 11_602]);
const writeLimitMs = 10 * 60_000;
const graceMs = 30_000;

/** Sends one command of a file and says what is known afterwards. @throws what ends the whole run: the signal. */
export async function runCommand(
  client: MemberClient,
  about: FileCommand,
  options: CommandOptions,
): Promise<CommandOutcome> {
  const began = options.monotonicMs();
  try {
    const tooMany = await deletesTooMuch(client, about, options.signal);
    if (typeof tooMany === 'string') return { kind: 'not_done', waits: false, text: tooMany };
    const { command, db, limitMs } = asSent(about, options);
    const answer = await client.run(db, command, { signal: options.signal, limitMs });
    const tookMs = Math.round(options.monotonicMs() - began);
    const failed = judgeAnswer(about, answer, options.isRepeated);
    if (failed !== undefined) return failed;
    const deleted =
      about.name === 'delete' ? (toNumber(answer['n']) ?? 0) : about.name === 'drop' ? tooMany : 0;
    return { kind: 'done', tookMs, deleted };
  } catch (thrown) {
    options.signal.throwIfAborted();
    if (!(thrown instanceof CollectError)) throw thrown;
    return judgeError(about, thrown, options, began);
  }
}

function asSent(
  { name, database, command }: FileCommand,
  { runId, lockTimeoutMs }: CommandOptions,
): { readonly command: Document; readonly db: string; readonly limitMs: number | undefined } {
  const isBuild = name === 'createIndexes';
  const isWrite = ['update', 'insert', 'delete'].includes(name);
  const maxTimeMS = isBuild ? undefined : isWrite ? writeLimitMs : lockTimeoutMs;
  const added = {
    writeConcern: { w: 'majority' },
    comment: `reeve run=${runId}`,
    ...(maxTimeMS === undefined ? {} : { maxTimeMS }),
  };
  return {
    command: { ...command, ...added },
    db: name === 'renameCollection' ? 'admin' : database,
    // A build takes what it takes.
    limitMs: maxTimeMS === undefined ? undefined : maxTimeMS + graceMs,
  };
}

/** Why it must not be sent: it would delete more than it declares. Otherwise how many it deletes. */
async function deletesTooMuch(
  client: MemberClient,
  about: FileCommand,
  signal: AbortSignal,
): Promise<number | string> {
  const { name, database, collection, declared } = about;
  if (name !== 'delete' && name !== 'drop') return 0;
  let count = 0;
  if (name === 'drop') count = await countDocuments(client, database, collection, {}, signal);
  else
    for (const { q, isOne } of deleteFilters(about)) {
      const found = await countDocuments(client, database, collection, q, signal);
      count += isOne ? Math.min(1, found) : found;
    }
  const most = declared.deletes ?? 0;
  return most === 'all' || count <= most
    ? count
    : `it would delete ${count} documents of ${database}.${collection} and declares ${most} ("$reeve": {"deletes": ${most}})`;
}

function judgeAnswer(about: FileCommand, answer: Document, isRepeated: boolean): CommandOutcome | undefined {
  const [before, after] = [toNumber(answer['numIndexesBefore']), toNumber(answer['numIndexesAfter'])];
  if (about.name === 'createIndexes' && !isRepeated && before !== undefined && before === after)
    return {
      kind: 'not_done',
      waits: false,
      text: `createIndexes on ${about.database}.${about.collection}: the indexes are there already, made by somebody else`,
    };
  const errors = writeErrors(answer);
  const own = errors.filter(({ code }) => !(isRepeated && doneAlready[about.name]?.includes(code)));
  const [first] = own;
  if (first === undefined) return undefined;
  const written = toNumber(answer['n']) ?? 0;
  const text = `${about.name} on ${about.database}.${about.collection}: ${first.text} (${first.code})`;
  return written === 0 && first.code !== 64
    ? { kind: 'not_done', waits: false, text }
    : { kind: 'unknown', text: `${text}; ${written} documents of it were written` };
}

function judgeError(
  about: FileCommand,
  error: CollectError,
  options: CommandOptions,
  began: number,
): CommandOutcome {
  const code = codeOf(error);
  const text = `${about.name} on ${about.database}.${about.collection}: ${messageOf(error)}`;
  if (code === undefined || elections.has(code)) return { kind: 'unknown', text };
  if (options.isRepeated && doneAlready[about.name]?.includes(code))
    return { kind: 'done', tookMs: Math.round(options.monotonicMs() - began), deleted: 0 };
  // An update that was cut short has changed some documents, and others not.
  const isPartial = waiting.has(code) && !isExclusive(about);
  return isPartial ? { kind: 'unknown', text } : { kind: 'not_done', waits: waiting.has(code), text };
}
