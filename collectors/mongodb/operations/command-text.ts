import type { Json, JsonObject } from '../../../src/sdk.ts';
import { type Document, isDocument } from '../document.ts';

/** A command and the database it is sent to. */
export interface DatabaseCommand {
  readonly db: string;
  readonly command: Document;
}

/** A command as it goes over the wire, as one line of JSON: its name first, `$db` last. */
export function commandText(db: string, command: JsonObject): string {
  return JSON.stringify({ ...command, $db: db });
}

/** The command that `commandText` wrote. @throws {Error} for any other text. */
export function parseCommand(text: string): DatabaseCommand {
  const parsed: unknown = JSON.parse(text);
  if (!isDocument(parsed)) throw new Error('a statement of MongoDB is one command as JSON');
  const { $db: db, ...command } = parsed;
  if (typeof db !== 'string' || Object.keys(command).length === 0)
    throw new Error('a statement of MongoDB is one command as JSON with $db');
  return { db, command };
}

/** The time limit that a command carries for the server; undefined where it has none. */
export function limitOf(command: Document): number | undefined {
  const limit = command['maxTimeMS'];
  return typeof limit === 'number' ? limit : undefined;
}

/**
 * A value as JSON that keeps everything, the order of its keys too; undefined where it would not: values of BSON's own types, and
 * documents in which JavaScript moves a key that is a whole number before the others.
 */
function exactJson(value: unknown): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (Array.isArray(value)) {
    const items = value.map(exactJson);
    return items.some((item) => item === undefined) ? undefined : items.flatMap((item) => item ?? [null]);
  }
  return isDocument(value) ? exactDocument(value) : undefined;
}

/** As `exactJson`, for a document. */
export function exactDocument(value: Document): JsonObject | undefined {
  const keys = Object.keys(value);
  if (keys.length > 1 && keys.some((key) => /^(0|[1-9]\d*)$/.test(key))) return undefined;
  const entries = keys.map((key) => [key, exactJson(value[key])] as const);
  const known = entries.flatMap(([key, inner]) => (inner === undefined ? [] : [[key, inner] as const]));
  return known.length < entries.length ? undefined : Object.fromEntries(known);
}
