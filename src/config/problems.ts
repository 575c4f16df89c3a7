import { z } from 'zod';
import type { ConfigProblem } from '../core/errors.ts';
import { suggestion } from './nearest-name.ts';

/** One thing wrong, before its path becomes text. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export type Parsed<T> = { readonly value: T; readonly problems: readonly [] } | Unparsed;

export interface Unparsed {
  readonly value: undefined;
  readonly problems: readonly Problem[];
}

/** Parses with messages made for operators. Never repeats the value that was found: it may be a secret in the wrong place. */
export function parseAt<T>(schema: z.ZodType<T>, input: unknown, path: readonly PropertyKey[]): Parsed<T> {
  const result = schema.safeParse(input, { error: explain });
  if (result.success) return { value: result.data, problems: [] };
  return { value: undefined, problems: result.error.issues.flatMap((issue) => problemsOf(issue, path)) };
}

/** Problems as they are told: with their path as text and their line, in the order of the file. */
export function located(
  problems: readonly Problem[],
  lineOf: (at: readonly PropertyKey[]) => number | undefined = () => undefined,
): readonly ConfigProblem[] {
  return problems
    .map((problem) => ({ ...problem, line: lineOf(problem.path) }))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map(({ path, message, line }) => ({
      path: formatPath(path),
      message: line === undefined ? message : `${message} (line ${line})`,
    }));
}

/** Whether YAML's plain data is a mapping. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What to say about a key that nothing knows. */
export function unknownKey(key: string, known: readonly string[]): string {
  const hint = suggestion(key, known);
  if (hint !== '' || known.length === 0) return `unknown key${hint}`;
  return `unknown key; known here: ${known.join(', ')}`;
}

/** `targets[2].labels["cost centre"]`; empty for the file as a whole. */
function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    const name = String(part);
    if (typeof part === 'number') text += `[${name}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(name)) text += text === '' ? name : `.${name}`;
    else text += `[${JSON.stringify(name)}]`;
  }
  return text;
}

function problemsOf(issue: z.core.$ZodIssue, root: readonly PropertyKey[]): Problem[] {
  const path = [...root, ...issue.path];
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  // `explain` wrote one line for each key.
  const lines = issue.message.split('\n');
  return issue.keys.map((key, index) => ({ path: [...path, key], message: lines[index] ?? 'unknown key' }));
}

function explain(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, keysOf(issue.inst))).join('\n');
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing; it must be ${article(issue.expected)}`
        : `must be ${article(issue.expected)}, not ${kindOf(issue.input)}`;
    case 'invalid_value':
      return oneOf(issue.values, issue.input);
    case 'invalid_key':
      return issue.issues[0]?.message;
    case 'too_small':
      return `must be ${sizeOf(issue.origin)}${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}`;
    case 'too_big':
      return `must be ${sizeOf(issue.origin)}at most ${String(issue.maximum)}`;
    default:
      return undefined;
  }
}

function oneOf(values: readonly unknown[], input: unknown): string {
  const names = values.map(String);
  if (input === undefined)
    return `is missing; it must be ${names.join(', ')}`.replace(/, ([^,]*)$/, ' or $1');
  const hint = typeof input === 'string' ? suggestion(input, names) : '';
  return `must be ${names.join(', ')}`.replace(/, ([^,]*)$/, ' or $1') + hint;
}

function keysOf(schema: unknown): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function article(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    object: 'a mapping of keys to values',
    record: 'a mapping of keys to values',
    array: 'a list',
    string: 'text',
    int: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
  };
  return names[expected] ?? expected;
}

/** What was found, in YAML's words and without its value. */
export function kindOf(input: unknown): string {
  if (input === null) return 'empty';
  if (Array.isArray(input)) return 'a list';
  const names: Readonly<Record<string, string>> = {
    object: 'a mapping',
    string: 'text',
    number: 'a number',
    boolean: 'true or false',
    undefined: 'missing',
  };
  return names[typeof input] ?? typeof input;
}

function sizeOf(origin: string): string {
  if (origin === 'string') return 'of length ';
  return origin === 'array' || origin === 'set' ? 'of size ' : '';
}
