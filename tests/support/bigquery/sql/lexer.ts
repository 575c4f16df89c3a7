import { InvalidQueryError } from './sql-error.ts';

export interface Token {
  readonly kind: 'word' | 'quoted' | 'number' | 'string' | 'parameter' | 'symbol' | 'end';
  /** A word as written; the contents of a quoted name, string or parameter. */
  readonly text: string;
  /** `line:column`, both from 1. */
  readonly at: string;
}

const rules: readonly { readonly kind: Token['kind'] | 'skip'; readonly pattern: RegExp }[] = [
  { kind: 'skip', pattern: /\s+|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\//y },
  { kind: 'string', pattern: /r?(?:"""[\s\S]*?"""|'''[\s\S]*?''')/iy },
  { kind: 'string', pattern: /r?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/iy },
  { kind: 'quoted', pattern: /`[^`]+`/y },
  { kind: 'parameter', pattern: /@@?[A-Za-z_][A-Za-z0-9_.]*/y },
  { kind: 'number', pattern: /0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy },
  { kind: 'word', pattern: /[A-Za-z_][A-Za-z0-9_]*/y },
  { kind: 'symbol', pattern: /\|>|<=|>=|!=|<>|\|\||=>|<<|>>|[-+*/%(),.;=<>[\]|&^~?:]/y },
];

export function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  const where = positions(sql);
  let offset = 0;
  while (offset < sql.length) {
    const rule = rules.find(({ pattern }) => {
      pattern.lastIndex = offset;
      return pattern.test(sql);
    });
    if (rule === undefined)
      throw new InvalidQueryError(`Syntax error: Illegal input character "${sql[offset]}"`, where(offset));
    const end = rule.pattern.lastIndex;
    const raw = sql.slice(offset, end);
    if (rule.kind !== 'skip')
      tokens.push({ kind: rule.kind, text: textOf(rule.kind, raw), at: where(offset) });
    offset = end;
  }
  tokens.push({ kind: 'end', text: 'end of script', at: where(sql.length) });
  return tokens;
}

function textOf(kind: Token['kind'], raw: string): string {
  if (kind === 'quoted') return raw.slice(1, -1);
  if (kind === 'parameter') return raw.slice(1);
  if (kind !== 'string') return raw;
  const isRaw = /^r/i.test(raw);
  const quoted = isRaw ? raw.slice(1) : raw;
  const width = /^("""|''')/.test(quoted) ? 3 : 1;
  const contents = quoted.slice(width, -width);
  return isRaw ? contents : unescape(contents);
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
};

function unescape(text: string): string {
  return text.replace(/\\(.)/gs, (_whole, letter: string) => escapes[letter] ?? letter);
}

function positions(sql: string): (offset: number) => string {
  return (offset) => {
    const before = sql.slice(0, offset).split('\n');
    return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
  };
}
