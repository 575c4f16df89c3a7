import { createHash } from 'node:crypto';
import { quoteIdentifier } from '../../quote.ts';
import type { IndexColumns } from './index-candidate.ts';

const longestName = 63;

/** A name that is the same whenever the same index is proposed, and no other index has: the readable part is cut, never the hash. */
export function indexName(table: string, columns: IndexColumns): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([table, columns]))
    .digest('hex')
    .slice(0, 8);
  const readable = [table, ...columns.map(({ column }) => column)].join('_');
  return `${cutBytes(readable, longestName - hash.length - 5)}_${hash}_idx`;
}

/** The server cuts names by bytes; a character is not cut in two. */
function cutBytes(text: string, most: number): string {
  let cut = '';
  for (const character of text) {
    if (Buffer.byteLength(cut + character) > most) break;
    cut += character;
  }
  return cut;
}

export interface IndexPlace {
  readonly schema: string;
  readonly table: string;
  readonly index: string;
  readonly columns: IndexColumns;
}

export function createStatement({ schema, table, index, columns }: IndexPlace): string {
  const keys = columns.map(({ column, descending, nulls }) =>
    [
      quoteIdentifier(column),
      descending ? 'DESC' : '',
      nulls === undefined ? '' : `NULLS ${nulls.toUpperCase()}`,
    ]
      .filter((word) => word !== '')
      .join(' '),
  );
  return `CREATE INDEX CONCURRENTLY ${quoteIdentifier(index)} ON ${quoteIdentifier(schema)}.${quoteIdentifier(table)} (${keys.join(', ')})`;
}

export function dropStatement({ schema, index }: Pick<IndexPlace, 'schema' | 'index'>): string {
  return `DROP INDEX CONCURRENTLY ${quoteIdentifier(schema)}.${quoteIdentifier(index)}`;
}
