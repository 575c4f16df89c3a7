import { type Document, type ErrorCode, isNode, LineCounter, parseDocument } from 'yaml';
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
  const problems = [...document.errors, ...document.warnings].map(({ code, pos }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { path: [], message: `line ${line}, column ${col}: ${explanations[code]}` };
  });
  const unfolded = problems.length > 0 ? { data: undefined, problems } : unfold(document);
  return { ...unfolded, lineOf: (path) => lineOf(document, lines, path) };
}

/** Ours for every code: the library's own messages quote directives, tags and escapes. */
const explanations: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias (*name) cannot have an anchor or a tag',
  BAD_ALIAS: 'an alias (*name) or anchor (&name) is not well-formed; quote values that begin with * or &',
  BAD_COLLECTION_TYPE: 'tags (!name) are not supported',
  BAD_DIRECTIVE: 'lines that begin with % are directives, and this one is not known; quote the value',
  BAD_DQ_ESCAPE: 'this escape sequence (\\…) is not known; write \\\\ for a backslash, or use single quotes',
  BAD_INDENT: 'wrong indentation',
  BAD_PROP_ORDER: 'anchors (&name) and tags (!name) stand after the indicator',
  BAD_SCALAR_START: 'a plain value cannot begin with this character; quote the value',
  BLOCK_AS_IMPLICIT_KEY:
    'a second ": " in one line, or wrong indentation; quote the value or start a new line',
  BLOCK_IN_FLOW: 'indented lists and mappings cannot stand inside [ ] or { }',
  DUPLICATE_KEY: 'this key is here twice; keep one',
  IMPOSSIBLE: 'this is not YAML',
  KEY_OVER_1024_CHARS: 'a key in one line has at most 1024 characters',
  MISSING_CHAR: 'a quote, bracket, comma, colon or space is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must stand in one line; is a colon missing, or a quote?',
  MULTIPLE_ANCHORS: 'more than one anchor (&name) on one value',
  MULTIPLE_DOCS: 'more than one document (---) in the file; keep one',
  MULTIPLE_TAGS: 'more than one tag (!name) on one value',
  NON_STRING_KEY: 'a key must be text',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
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
