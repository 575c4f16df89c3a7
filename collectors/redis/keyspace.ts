import type { NodeGroup } from './fields.ts';
import { type Info, parseFields, toNumber } from './info.ts';

export interface Database {
  /** Its number: `0`, `1`, … */
  readonly name: string;
  readonly keys: number;
}

/** Databases with their own series, those with the most keys. */
const topDatabases = 16;

/** Databases that hold keys, most keys first. */
export function databasesOf(
  info: Info,
): readonly (Database & { readonly fields: ReadonlyMap<string, string> })[] {
  return [...info.list('keyspace')]
    .map(([field, text]) => {
      const fields = parseFields(text);
      return { name: field.replace(/^db/, ''), keys: toNumber(fields.get('keys')) ?? 0, fields };
    })
    .sort((a, b) => b.keys - a.keys || Number(a.name) - Number(b.name));
}

/** Keys by database. */
export const readKeyspace: NodeGroup = (node, { info }, context) => {
  const databases = databasesOf(info);
  for (const { name, fields } of databases.slice(0, topDatabases)) {
    const labels = { node: node.name, database: name };
    context.record('keys', toNumber(fields.get('keys')), labels);
    context.record('keysWithExpiry', toNumber(fields.get('expires')), labels);
    const ttlMs = toNumber(fields.get('avg_ttl'));
    // 0 stands until the server has sampled keys with a time to live.
    if (ttlMs !== undefined && ttlMs > 0) context.record('averageTtlSeconds', ttlMs / 1000, labels);
  }
  context.truncate(databases.length - topDatabases);
};
