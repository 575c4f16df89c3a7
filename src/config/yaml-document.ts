import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { messageOf } from '../core/errors.ts';
import type { Problem } from './problems.ts';

/** A YAML file as plain data, and where each part of it stands. */
export interface YamlFile {
  readonly data: unknown;
  /** Problems of the syntax; with any, `data` is not to be used. */
  readonly problems: readonly Problem[];
  /** Line of the value at this path or of its nearest existing parent, from 1. */
  lineOf(path: readonly PropertyKey[]): number | undefined;
}

/** Aliases (`*name`) that a file may use; a bound on what a maliciously nested file can unfold to. */
const mostAliases = 10_000;

/** Reads YAML 1.2 with merge keys (`<<`). Messages give line and column, and never repeat the text: it may hold a secret. */
export function readYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    prettyErrors: false,
    lineCounter: lines,
    merge: true,
    uniqueKeys: true,
  });
  const problems = [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { path: [], message: `line ${line}, column ${col}: ${explanations[code] ?? message}` };
  });
  const unfolded = problems.length > 0 ? { data: undefined, problems } : unfold(document);
  return { ...unfolded, lineOf: (path) => lineOf(document, lines, path) };
}

const explanations: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key is here twice; keep one',
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
  MULTIPLE_DOCS: 'more than one document (---) in the file; keep one',
  BLOCK_AS_IMPLICIT_KEY:
    'a second ": " in one line, or wrong indentation; quote the value or start a new line',
  TAG_RESOLVE_FAILED: 'tags (!name) are not supported',
  UNEXPECTED_TOKEN: 'unexpected text here; is a quote or a comma missing?',
};

function unfold(document: Document): Pick<YamlFile, 'data' | 'problems'> {
  try {
    return { data: document.toJS({ maxAliasCount: mostAliases }), problems: [] };
  } catch (error) {
    // The library's message quotes the file.
    const known = aliasFaults.find(([sign]) => messageOf(error).startsWith(sign));
    return {
      data: undefined,
      problems: [{ path: [], message: known?.[1] ?? 'an alias (*name) cannot be unfolded' }],
    };
  }
}

const aliasFaults = [
  [
    'Unresolved alias',
    'an alias (*name) stands before its anchor (&name), or there is none; quote values that begin with *',
  ],
  ['Merge sources', 'what is merged with << must be a mapping'],
  ['Excessive alias', `more than ${mostAliases} aliases (*name)`],
] as const;

function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}
