import { parse, scan } from 'libpg-query';
import { CollectError } from '../../../src/sdk.ts';
import { quoteIdentifier, quoteLiteral } from '../quote.ts';
import { nodesOfKind } from './syntax-tree.ts';

export interface IndexName {
  readonly schema: string;
  readonly name: string;
}

/** An index as the catalogue describes it, read with `search_path=pg_catalog`, so that every other schema is named. */
export interface SavedIndex extends IndexName {
  /** `pg_get_indexdef`. */
  readonly definition: string;
  /** Null: the database's default. */
  readonly tablespace: string | null;
  readonly comment: string | null;
}

export function dropIndexStatement({ schema, name }: IndexName): string {
  return `DROP INDEX CONCURRENTLY ${qualified({ schema, name })}`;
}

export function reindexStatement(index: IndexName): string {
  return `REINDEX INDEX CONCURRENTLY ${qualified(index)}`;
}

export function qualified({ schema, name }: IndexName): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** What builds a dropped index again, exactly as it was: each is one statement. */
export async function rebuildStatements(index: SavedIndex): Promise<readonly string[]> {
  const build = await concurrentDefinition(index.definition, index.tablespace);
  if (index.comment === null) return [build];
  return [build, `COMMENT ON INDEX ${qualified(index)} IS ${quoteLiteral(index.comment).trim()}`];
}

/**
 * The saved definition with CONCURRENTLY and its tablespace. The words are put in at positions that PostgreSQL's own scanner gives, and the
 * result is parsed again: but for those two it must mean the same.
 *
 * @throws {CollectError} `malformed` when the server's definition is not one CREATE INDEX that is understood.
 */
export async function concurrentDefinition(definition: string, tablespace: string | null): Promise<string> {
  const bytes = Buffer.from(definition, 'utf8');
  const { tokens } = await scan(definition);
  const index = tokens.find(({ text, keywordKind }) => keywordKind !== 0 && text.toUpperCase() === 'INDEX');
  if (index === undefined) throw notUnderstood();
  const where = topLevelWhere(tokens) ?? bytes.length;
  const head = bytes.subarray(0, index.end).toString('utf8');
  const middle = bytes.subarray(index.end, where).toString('utf8').trimEnd();
  const tail = bytes.subarray(where).toString('utf8');
  const space = tablespace === null ? '' : ` TABLESPACE ${quoteIdentifier(tablespace)}`;
  const built = `${head} CONCURRENTLY${middle}${space}${tail === '' ? '' : ` ${tail}`}`;
  const meant = await meaningOf(definition);
  const expected = { ...meant, concurrent: true, ...(tablespace === null ? {} : { tableSpace: tablespace }) };
  if (canonical(expected) !== canonical(await meaningOf(built))) throw notUnderstood();
  return built;
}

/** Whether two definitions are of equal indexes, whatever they are called. */
export async function sameButName(one: string, other: string): Promise<boolean> {
  const meaning = async (text: string): Promise<string> =>
    canonical({ ...(await meaningOf(text)), idxname: '' });
  return (await meaning(one)) === (await meaning(other));
}

interface Token {
  readonly text: string;
  readonly start: number;
  readonly keywordKind: number;
}

function topLevelWhere(tokens: readonly Token[]): number | undefined {
  let depth = 0;
  for (const { text, start, keywordKind } of tokens) {
    if (text === '(') depth += 1;
    else if (text === ')') depth -= 1;
    else if (depth === 0 && keywordKind !== 0 && text.toUpperCase() === 'WHERE') return start;
  }
  return undefined;
}

async function meaningOf(statement: string): Promise<Readonly<Record<string, unknown>>> {
  const { stmts = [] } = await parse(statement);
  const [only] = [...nodesOfKind(stmts, 'IndexStmt')];
  if (only === undefined || stmts.length !== 1) throw notUnderstood();
  return only;
}

/** Positions in the text are not part of what it means. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (key === 'location' || key === 'stmt_location' || key === 'stmt_len') return undefined;
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  });
}

function notUnderstood(): CollectError {
  return new CollectError(
    'malformed',
    'the definition of the index is not understood, so it could not be built again',
  );
}
