import { BSON } from '../../client.ts';
import { type Document, documentAt, isDocument, textAt } from '../../document.ts';

/** One command of a file. */
export interface FileCommand {
  /** Where it begins in its file, from 1. */
  readonly line: number;
  /** What it does: the first key. */
  readonly name: string;
  /** The collection it is about, without its database. */
  readonly collection: string;
  readonly database: string;
  /** As it is sent, without what is Reeve's or added by it. */
  readonly command: Document;
  readonly declared: Declared;
}

/** What a command says of itself under `$reeve`. */
export interface Declared {
  /** Documents that it deletes at most. */
  readonly deletes: number | 'all' | undefined;
  /** It changes every document: its filter is empty on purpose. */
  readonly updates: 'all' | undefined;
}

/** What is wrong with a file, and where. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly line: number;

  constructor(line: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.line = line;
  }
}

/**
 * The commands of a file: a JSON array of database commands, in MongoDB's extended JSON (`{"$oid": …}`, `{"$date": …}`). `$db` names another
 * database than the target's URL does; `$reeve` declares what a command deletes.
 *
 * @throws {FileError}
 */
export function parseCommands(text: string, fallback: string | undefined): readonly FileCommand[] {
  const lines = linesOfCommands(text);
  return parseArray(text).map((value, at) => {
    const line = lines[at] ?? 1;
    if (!isDocument(value))
      throw new FileError(line, 'is no command: an object such as {"create": "orders"}');
    const { $db: _, $reeve: __, ...command } = value;
    const [name] = Object.keys(command);
    if (name === undefined) throw new FileError(line, 'is an empty command');
    const database = textAt(value, '$db') ?? fallback;
    if (database === undefined)
      throw new FileError(
        line,
        'says not which database: name one in the URL of the target (mongodb://host/shop?authSource=admin), or as "$db" in the command',
      );
    return {
      line,
      name,
      database,
      command,
      collection: collectionOf(name, command, database),
      declared: declaredIn(value, line),
    };
  });
}

function parseArray(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = BSON.EJSON.parse(text, { relaxed: true });
  } catch (thrown) {
    throw new FileError(lineOfError(text, thrown), 'is no JSON', { cause: thrown });
  }
  if (!Array.isArray(value)) throw new FileError(1, 'is no array of commands: [ {"create": "orders"}, … ]');
  return value;
}

/** The parser tells a position, or the text that surprised it. */
function lineOfError(text: string, thrown: unknown): number {
  const message = thrown instanceof Error ? thrown.message : '';
  const line = /line (\d+)/.exec(message)?.[1];
  if (line !== undefined) return Number(line);
  const position = /position (\d+)/.exec(message)?.[1];
  return text.slice(0, Number(position ?? text.length)).split('\n').length;
}

/** renameCollection names its database too. */
function collectionOf(name: string, command: Document, database: string): string {
  const named = textAt(command, name) ?? '';
  return name === 'renameCollection'
    ? named.slice(named.startsWith(`${database}.`) ? database.length + 1 : 0)
    : named;
}

function declaredIn(value: Document, line: number): Declared {
  const said = documentAt(value, '$reeve');
  const { deletes, updates, ...others } = said ?? {};
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new FileError(
      line,
      `declares "${other}", which is not known: "deletes" (a number or "all") or "updates": "all"`,
    );
  const isCount = typeof deletes === 'number' && Number.isInteger(deletes) && deletes >= 0;
  if (deletes !== undefined && deletes !== 'all' && !isCount)
    throw new FileError(line, 'declares "deletes" that is neither a number nor "all"');
  if (updates !== undefined && updates !== 'all')
    throw new FileError(line, 'declares "updates" that is not "all"');
  return { deletes: isCount || deletes === 'all' ? deletes : undefined, updates };
}

/** Lines on which the elements of the outermost array begin. */
function linesOfCommands(text: string): readonly number[] {
  const lines: number[] = [];
  let depth = 0;
  let line = 1;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\n') line += 1;
    if (isText) {
      if (character === '\\') at += 1;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === '{' || character === '[') {
      if (depth === 1) lines.push(line);
      depth += 1;
    } else if (character === '}' || character === ']') depth -= 1;
  }
  return lines;
}
