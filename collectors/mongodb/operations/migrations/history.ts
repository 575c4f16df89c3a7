import { z } from 'zod';
import { CollectError } from '../../../../src/sdk.ts';
import type { MemberClient } from '../../client.ts';
import { codeOf } from '../../client-errors.ts';
import type { Document } from '../../document.ts';
import { openActing } from '../acting.ts';
import type { Place } from '../place.ts';
import { leaderOf } from '../reading-side.ts';
import { historyCollection } from './judge-commands.ts';

const mark = z.object({
  collection: z.string(),
  /** Null where the collection was not there. */
  documents: z.number().nullable(),
  /** Of all documents; null where there are too many to read. */
  digest: z.string().nullable(),
});

/** What a collection held at a time: whether something was written since can be told from two of them. */
export type Mark = z.infer<typeof mark>;

const row = z.object({
  _id: z.string(),
  sha256: z.string(),
  /** `rehearsing`: on a rehearsal target, between up and down. */
  state: z.enum(['applying', 'applied', 'undoing', 'rehearsing']),
  run: z.string(),
  at: z.date(),
  /** Commands of `up` that are done. */
  step: z.number(),
  /** Whether the command after those may have been done too: it was sent, or is about to be, and nobody heard that it failed. */
  isOpen: z.boolean().default(true),
  marks: z.array(mark),
  /** Longest time of a command that holds a lock which blocks others, in milliseconds. */
  lockMs: z.number().default(0),
  rowsLost: z.number().default(0),
});

/** One file of the history, as the database that was migrated keeps it. */
export type HistoryRow = Omit<z.infer<typeof row>, '_id'> & { readonly name: string };

const asking = { group: 'migrations' } as const;

/** All of it, in no order; empty where there is none yet. @throws {CollectError} */
export async function readHistory(
  client: MemberClient,
  database: string,
  signal: AbortSignal,
): Promise<readonly HistoryRow[]> {
  const rows: HistoryRow[] = [];
  const command: Document = { find: historyCollection, filter: {} };
  for await (const found of client.query(database, command, { ...asking, signal })) {
    const parsed = row.safeParse(found);
    if (!parsed.success)
      throw new CollectError(
        'malformed',
        `${database}.${historyCollection} holds something that Reeve did not write: move it away`,
      );
    const { _id: name, ...rest } = parsed.data;
    rows.push({ name, ...rest });
  }
  return rows;
}

const majority = { w: 'majority', wtimeout: 30_000 } as const;
const writeLimitMs = 40_000;
const duplicate = 11_000;

/** Writes that a file is begun; false when another run has begun it. */
export async function beginRow(
  client: MemberClient,
  database: string,
  begun: HistoryRow,
  signal: AbortSignal,
): Promise<boolean> {
  const command: Document = {
    insert: historyCollection,
    documents: [asDocument(begun)],
    writeConcern: majority,
  };
  const answer = await client.run(database, command, { signal, limitMs: writeLimitMs });
  const [error] = writeErrors(answer);
  if (error === undefined) return true;
  if (error.code === duplicate) return false;
  throw failed(error);
}

/** Writes how far a file is. */
export async function saveRow(
  client: MemberClient,
  database: string,
  changed: HistoryRow,
  signal: AbortSignal,
): Promise<void> {
  const { _id, ...fields } = asDocument(changed);
  const updates = [{ q: { _id }, u: { $set: fields } }];
  const answer = await client.run(
    database,
    { update: historyCollection, updates, writeConcern: majority },
    { signal, limitMs: writeLimitMs },
  );
  const [error] = writeErrors(answer);
  if (error !== undefined) throw failed(error);
}

export async function removeRow(
  client: MemberClient,
  database: string,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const deletes = [{ q: { _id: name }, limit: 1 }];
  const answer = await client.run(
    database,
    { delete: historyCollection, deletes, writeConcern: majority },
    { signal, limitMs: writeLimitMs },
  );
  const [error] = writeErrors(answer);
  if (error !== undefined) throw failed(error);
}

function asDocument({ name, ...rest }: HistoryRow): Document {
  return { _id: name, ...rest };
}

function failed({ code, text }: WriteError): CollectError {
  return new CollectError('malformed', `the history of migrations could not be written: ${text} (${code})`);
}

export interface WriteError {
  readonly code: number;
  readonly text: string;
}

const errors = z.object({
  writeErrors: z.array(z.object({ code: z.number(), errmsg: z.string().default('') })).default([]),
  writeConcernError: z.object({ code: z.number(), errmsg: z.string().default('') }).optional(),
});

/** What of a write did not happen, or is not known to be on a majority; a server that answers ok may say so inside. */
export function writeErrors(answer: Document): readonly WriteError[] {
  const parsed = errors.safeParse(answer);
  if (!parsed.success) return [{ code: 0, text: 'an answer that nobody understands' }];
  const { writeErrors: own, writeConcernError } = parsed.data;
  return [...own, ...(writeConcernError === undefined ? [] : [writeConcernError])].map(
    ({ code, errmsg }) => ({
      code,
      text: errmsg.slice(0, 200),
    }),
  );
}

/** Asks by the collecting login, and by the one that acts where the first may not: what a database holds is not for every monitor to see. */
export async function asReader<T>(
  place: Place,
  signal: AbortSignal,
  read: (client: MemberClient) => Promise<T>,
): Promise<T> {
  const { input, reading } = place;
  const client = leaderOf(await reading.discover(signal));
  try {
    return await read(client);
  } catch (thrown) {
    const isDenied = thrown instanceof CollectError && (thrown.code === 'denied' || codeOf(thrown) === 13);
    if (!isDenied || input.credentials === undefined) throw thrown;
  }
  const acting = await openActing(input, input.applicationName, signal);
  try {
    return await read(acting);
  } finally {
    await acting.close();
  }
}
