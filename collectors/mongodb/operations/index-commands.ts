import type { JsonObject, TargetIdentity } from '../../../src/sdk.ts';
import { isDocument } from '../document.ts';
import { commandText, exactDocument } from './command-text.ts';
import { isReplicated } from './index-facts.ts';
import type { IndexName } from './subject.ts';

export interface CommandFrame {
  /** For the server's log and `$currentOp`. */
  readonly runId: string;
  /** How long it waits for its lock, in milliseconds. */
  readonly lockTimeoutMs: number;
}

/** A majority confirms within this, or the command says that it did not. */
const majority = { w: 'majority', wtimeout: 30_000 } as const;

/** @see https://www.mongodb.com/docs/manual/reference/command/collMod/#hide-an-index-from-the-query-planner */
export function hideCommand(
  { database, collection, index }: IndexName,
  hidden: boolean,
  { runId, lockTimeoutMs }: CommandFrame,
): string {
  return commandText(database, {
    collMod: collection,
    index: { name: index, hidden },
    writeConcern: majority,
    maxTimeMS: lockTimeoutMs,
    comment: commentOf(runId),
  });
}

/** By name: the definition was compared before. @see https://www.mongodb.com/docs/manual/reference/command/dropIndexes/ */
export function dropCommand(
  { database, collection, index }: IndexName,
  { runId, lockTimeoutMs }: CommandFrame,
): string {
  return commandText(database, {
    dropIndexes: collection,
    index,
    writeConcern: majority,
    maxTimeMS: lockTimeoutMs,
    comment: commentOf(runId),
  });
}

/**
 * Without a time limit: a build takes as long as it takes.
 *
 * @see https://www.mongodb.com/docs/manual/reference/command/createIndexes/
 */
export function buildCommand(
  { database, collection }: IndexName,
  definition: JsonObject,
  identity: TargetIdentity,
  runId: string,
): string {
  return commandText(database, {
    createIndexes: collection,
    indexes: [definition],
    ...(isReplicated(identity) ? { commitQuorum: 'votingMembers' } : {}),
    writeConcern: { w: 'majority' },
    comment: commentOf(runId),
  });
}

/** A saved definition as createIndexes takes it: visible, whatever it was. */
export function visibleDefinition(definition: string): JsonObject {
  const parsed: unknown = JSON.parse(definition);
  const exact = isDocument(parsed) ? exactDocument(parsed) : undefined;
  if (exact === undefined) throw new Error('the saved definition of the index is no document');
  const { hidden: _hidden, ns: _ns, ...rest } = exact;
  return rest;
}

function commentOf(runId: string): string {
  return `reeve run=${runId}`;
}
