/** As much of PromQL as the rules need: selectors with their matchers, ranges and the call they stand in, and lists of labels. */

export interface Matcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** What stands in square brackets; undefined for an instant. */
  readonly range: string | undefined;
  /** The function or aggregation whose argument it is, nothing between; empty when there is none. */
  readonly call: string;
}

export interface ParsedQuery {
  readonly selectors: readonly Selector[];
  /** Labels of `by`, `without`, `on`, `ignoring` and `group_left`. */
  readonly labels: readonly string[];
  readonly functions: readonly string[];
  /** Set when brackets do not match or a name stands where none can. */
  readonly fault: string | undefined;
}

type Token = { readonly kind: 'name' | 'string' | 'number' | 'punctuation'; readonly text: string };

const tokenPattern =
  /(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<name>[$A-Za-z_:][\w:$]*)|(?<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?(?:[a-z]+)?)|(?<punctuation>=~|!~|!=|==|>=|<=|[-+*/%^(){}[\],=<>@:])|(?<space>\s+)|(?<other>.)/giu;

const grouping = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan', 'Inf', 'NaN']);
const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

export function parseQuery(expr: string): ParsedQuery {
  const tokens: Token[] = [];
  for (const { groups = {} } of expr.matchAll(tokenPattern)) {
    const { string, name, number, punctuation, other } = groups;
    if (other !== undefined) return broken(`${other} cannot stand in a query`);
    if (string !== undefined) tokens.push({ kind: 'string', text: string.slice(1, -1) });
    if (name !== undefined) tokens.push({ kind: 'name', text: name });
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    if (punctuation !== undefined) tokens.push({ kind: 'punctuation', text: punctuation });
  }
  const fault = bracketFault(tokens);
  return fault === undefined ? walk(tokens) : broken(fault);
}

function broken(fault: string): ParsedQuery {
  return { selectors: [], labels: [], functions: [], fault };
}

function bracketFault(tokens: readonly Token[]): string | undefined {
  if (tokens.length === 0) return 'it is empty';
  const open: string[] = [];
  for (const { kind, text } of tokens) {
    if (kind !== 'punctuation') continue;
    const end = closing[text];
    if (end !== undefined) open.push(end);
    else if (Object.values(closing).includes(text) && open.pop() !== text) return `${text} closes nothing`;
  }
  return open.length === 0 ? undefined : `${open.join(' ')} is missing`;
}

function walk(tokens: readonly Token[]): ParsedQuery {
  const selectors: Selector[] = [];
  const labels: string[] = [];
  const functions: string[] = [];
  const calls: string[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    const next = tokens[index + 1]?.text;
    if (token?.text === '(') calls.push(callBefore(tokens, index));
    else if (token?.text === ')') calls.pop();
    else if (token?.kind === 'name' && grouping.has(token.text)) {
      const end = next === '(' ? endOf(tokens, index + 1, ')') : index;
      labels.push(...namesIn(tokens.slice(index + 1, end)));
      index = end;
    } else if (token?.kind === 'name' && (next === '(' || grouping.has(next ?? '')))
      functions.push(token.text);
    else if (token?.kind === 'name' && !words.has(token.text)) {
      const { matchers, end: afterMatchers } = readMatchers(tokens, index + 1);
      const { range, end } = readRange(tokens, afterMatchers);
      selectors.push({ metric: token.text, matchers, range, call: calls.at(-1) ?? '' });
      index = end - 1;
    }
  }
  return { selectors, labels, functions, fault: undefined };
}

/** The name before a parenthesis; an aggregation's may stand before its `by (…)`. */
function callBefore(tokens: readonly Token[], index: number): string {
  const before = tokens[index - 1];
  if (before?.kind === 'name') return before.text;
  if (before?.text !== ')') return '';
  let depth = 0;
  for (let at = index - 1; at >= 0; at -= 1) {
    if (tokens[at]?.text === ')') depth += 1;
    if (tokens[at]?.text === '(') depth -= 1;
    if (depth > 0) continue;
    return grouping.has(tokens[at - 1]?.text ?? '') ? (tokens[at - 2]?.text ?? '') : '';
  }
  return '';
}

function endOf(tokens: readonly Token[], from: number, text: string): number {
  const end = tokens.findIndex((token, index) => index > from && token.text === text);
  return end < 0 ? tokens.length : end;
}

function namesIn(tokens: readonly Token[]): readonly string[] {
  return tokens.filter(({ kind }) => kind === 'name').map(({ text }) => text);
}

function readMatchers(tokens: readonly Token[], from: number): { matchers: readonly Matcher[]; end: number } {
  if (tokens[from]?.text !== '{') return { matchers: [], end: from };
  const end = endOf(tokens, from, '}');
  const matchers: Matcher[] = [];
  for (let index = from + 1; index < end; index += 4) {
    const [label, operator, value] = tokens.slice(index, index + 3);
    matchers.push({
      label: label?.text ?? '',
      operator: operators.find((known) => known === operator?.text) ?? '=',
      value: value?.text ?? '',
    });
  }
  return { matchers, end: end + 1 };
}

const operators = ['=', '!=', '=~', '!~'] as const;

function readRange(tokens: readonly Token[], from: number): { range: string | undefined; end: number } {
  if (tokens[from]?.text !== '[') return { range: undefined, end: from };
  const end = endOf(tokens, from, ']');
  return {
    range: tokens
      .slice(from + 1, end)
      .map(({ text }) => text)
      .join(''),
    end: end + 1,
  };
}
