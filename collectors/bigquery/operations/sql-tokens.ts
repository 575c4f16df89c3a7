/** Text of GoogleSQL taken apart as far as Reeve must understand it: words, literals and brackets. No parser: what it cannot tell it says. */

export interface SqlToken {
  readonly kind: 'word' | 'quoted' | 'number' | 'string' | 'parameter' | 'symbol' | 'comment';
  /** As written; of a quoted name what is in the back-ticks. */
  readonly text: string;
  /** Upper case, for words. */
  readonly upper: string;
  /** Where it begins and ends in the text. */
  readonly from: number;
  readonly to: number;
  /** How many brackets are open around it; a bracket itself counts as outside. */
  readonly depth: number;
}

const rules: readonly { readonly kind: SqlToken['kind'] | 'skip'; readonly pattern: RegExp }[] = [
  { kind: 'skip', pattern: /\s+/y },
  { kind: 'comment', pattern: /--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\//y },
  { kind: 'string', pattern: /(?:[rb]{1,2})?(?:"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?''')/iy },
  { kind: 'string', pattern: /(?:[rb]{1,2})?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/iy },
  { kind: 'quoted', pattern: /`[^`]+`/y },
  { kind: 'parameter', pattern: /@@?[A-Za-z_][A-Za-z0-9_.]*/y },
  { kind: 'number', pattern: /0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy },
  { kind: 'word', pattern: /[A-Za-z_][A-Za-z0-9_]*/y },
  { kind: 'symbol', pattern: /\|>|<=|>=|!=|<>|\|\||=>|<<|>>|[-+*/%(),.;=<>[\]|&^~?:@$\\{}!"'`]/y },
];

/** Undefined for a text with letters that belong to no token. */
export function sqlTokens(sql: string): readonly SqlToken[] | undefined {
  return tokensOf(sql)?.filter(({ kind }) => kind !== 'comment');
}

/** Comments that are comments, not parts of texts. */
export function sqlComments(sql: string): readonly SqlToken[] {
  return (tokensOf(sql) ?? []).filter(({ kind }) => kind === 'comment');
}

function tokensOf(sql: string): readonly SqlToken[] | undefined {
  const tokens: SqlToken[] = [];
  let offset = 0;
  let depth = 0;
  while (offset < sql.length) {
    const rule = rules.find(({ pattern }) => {
      pattern.lastIndex = offset;
      return pattern.test(sql);
    });
    if (rule === undefined) return undefined;
    const to = rule.pattern.lastIndex;
    const raw = sql.slice(offset, to);
    if (rule.kind !== 'skip') {
      const text = rule.kind === 'quoted' ? raw.slice(1, -1) : raw;
      if (rule.kind === 'symbol' && ')]'.includes(raw)) depth -= 1;
      tokens.push({
        kind: rule.kind,
        text,
        upper: rule.kind === 'word' ? text.toUpperCase() : rule.kind === 'symbol' ? text : '',
        from: offset,
        to,
        depth,
      });
      if (rule.kind === 'symbol' && '(['.includes(raw)) depth += 1;
    }
    offset = to;
  }
  return tokens;
}

/** A statement of a file, with the line at which it begins. */
export interface SqlStatement {
  readonly text: string;
  readonly line: number;
  readonly tokens: readonly SqlToken[];
}

/** By semicolons outside of texts; undefined for what cannot be taken apart. Comments before a statement belong to it. */
export function splitSql(sql: string): readonly SqlStatement[] | undefined {
  const tokens = sqlTokens(sql);
  if (tokens === undefined) return undefined;
  const statements: SqlStatement[] = [];
  let own: SqlToken[] = [];
  const end = (): void => {
    const [first] = own;
    const last = own.at(-1);
    if (first !== undefined && last !== undefined)
      statements.push({
        text: sql.slice(first.from, last.to),
        line: sql.slice(0, first.from).split('\n').length,
        tokens: own,
      });
    own = [];
  };
  for (const token of tokens) {
    if (token.upper === ';' && token.depth === 0) end();
    else own.push(token);
  }
  end();
  return statements;
}

/** Without literals, in one line: what may be shown of other people's queries. */
export function normalised(sql: string, longest = 400): string {
  const tokens = sqlTokens(sql);
  if (tokens === undefined) return '(a query that cannot be read)';
  const text = tokens
    .map(({ kind, text: own }) =>
      kind === 'string' || kind === 'number' ? '?' : kind === 'quoted' ? `\`${own}\`` : own,
    )
    .join(' ')
    .replace(/ ([.,)])/g, '$1')
    .replace(/([.(]) /g, '$1');
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
