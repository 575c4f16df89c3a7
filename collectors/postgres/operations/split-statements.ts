import { hasSqlDetails, parse, scan } from 'libpg-query';
import { messageOf } from '../../../src/sdk.ts';
import type { SyntaxNode } from './syntax-tree.ts';
import { nodesIn } from './syntax-tree.ts';

/** One statement of a text. */
export interface SqlStatement {
  /** Where its first word stands, from 1. */
  readonly line: number;
  /** Without what stands before it and without its semicolon. */
  readonly text: string;
  /** The statement's own node, such as `SelectStmt`. */
  readonly node: SyntaxNode;
}

export type SplitAnswer =
  | { readonly statements: readonly SqlStatement[] }
  | { readonly unreadable: { readonly line: number; readonly text: string } };

/** Files above this are not read: the parser would take the memory of the process. */
const longestSqlBytes = 1_048_576;

/** Reads a text as PostgreSQL does, with its own parser; positions of the parser are bytes. */
export async function splitStatements(text: string): Promise<SplitAnswer> {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > longestSqlBytes)
    return { unreadable: { line: 1, text: `longer than ${longestSqlBytes} bytes: split the file` } };
  // A C string ends there: what follows would be sent and not be judged, or the other way round.
  if (text.includes('\0'))
    return { unreadable: { line: lineAt(bytes, bytes.indexOf(0)), text: 'holds a NUL byte' } };
  if (text.trim() === '') return { statements: [] };
  try {
    const { stmts = [] } = await parse(text);
    const { tokens } = await scan(text);
    const words = tokens.filter(({ tokenName }) => tokenName !== 'SQL_COMMENT' && tokenName !== 'C_COMMENT');
    const statements: SqlStatement[] = [];
    for (const { stmt, stmt_location: from = 0, stmt_len: length = 0 } of stmts) {
      const node = firstNode(stmt);
      if (node === undefined) continue;
      const end = length === 0 ? bytes.length : from + length;
      const inside = words.filter((word) => word.start >= from && word.end <= end && word.text !== ';');
      const start = inside[0]?.start ?? from;
      const stop = inside.at(-1)?.end ?? end;
      statements.push({
        line: lineAt(bytes, start),
        text: bytes.subarray(start, stop).toString('utf8'),
        node,
      });
    }
    return { statements };
  } catch (thrown) {
    const position = hasSqlDetails(thrown) ? (thrown.sqlDetails?.cursorPosition ?? 0) : 0;
    const before = Array.from(text).slice(0, Math.max(0, position)).join('');
    return {
      unreadable: {
        line: before.split('\n').length,
        text: `cannot be read: ${withoutLiterals(messageOf(thrown))}`,
      },
    };
  }
}

/**
 * The parser quotes the word where it stopped, which may be a literal, and what does not end with all that follows: only a bare word or a
 * sign is repeated.
 */
function withoutLiterals(message: string): string {
  return message.replace(
    /at or near "(?![a-z_]\w*"$|[^\w\s'"$]{1,3}"$)[^]*$/i,
    'at or near a literal or comment',
  );
}

function firstNode(statement: unknown): SyntaxNode | undefined {
  for (const node of nodesIn(statement)) return node;
  return undefined;
}

function lineAt(bytes: Buffer, position: number): number {
  let line = 1;
  for (const byte of bytes.subarray(0, position)) if (byte === 10) line += 1;
  return line;
}
