import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TextDecoder } from 'node:util';
import { messageOf } from '../core/errors.ts';
import { inMigrationOrder } from '../core/remediation/migration-files.ts';
import type { MigrationFile, MigrationTool } from '../core/remediation/migrations.ts';
import { UsageError } from './context.ts';

/** Of all files together; a plan holds their texts. */
const mostBytes = 1_000_000;
const mostFiles = 1_000;

interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** A file, as far as its name and text say whose it is. */
interface Part {
  readonly tool: MigrationTool;
  readonly name: string;
  readonly side: 'up' | 'down' | 'both';
}

/** By the forms of names; `reeve` and golang-migrate name them alike, so the latter has to be asked for. */
const forms: readonly {
  readonly tool: MigrationTool;
  readonly pattern: RegExp;
  readonly side: (match: RegExpExecArray) => Part['side'];
}[] = [
  {
    tool: 'reeve',
    pattern: /^(.+)\.(up|down)\.(?:sql|json)$/,
    side: ([, , side]) => (side === 'up' ? 'up' : 'down'),
  },
  {
    tool: 'flyway',
    pattern: /^[VU]([0-9][0-9._]*__.+)\.sql$/,
    side: ([whole]) => (whole.startsWith('V') ? 'up' : 'down'),
  },
  { tool: 'dbmate', pattern: /^(.+)\.sql$/, side: () => 'both' },
];

/**
 * Reads the migrations of a folder, in the order of their names: pairs `0007_name.up.sql` and `0007_name.down.sql` (`.json` for databases
 * without SQL; also golang-migrate's), Flyway's `V7__name.sql` and `U7__name.sql`, dbmate's files with `-- migrate:up` and `-- migrate:down`.
 * A missing `down` is empty: whoever judges the files says so.
 *
 * @throws {UsageError} when the folder cannot be read or what is in it is no set of migrations.
 */
export async function readMigrations(
  directory: string,
  asked: MigrationTool | undefined,
): Promise<readonly MigrationFile[]> {
  const sources = await readSources(directory);
  const migrations = new Map<string, { tool: MigrationTool; up?: string; down?: string }>();
  for (const source of sources) {
    const part = partOf(source, asked);
    const known = migrations.get(part.name) ?? { tool: part.tool };
    const texts = part.side === 'both' ? dbmateParts(source) : { [part.side]: source.text };
    if ('up' in texts && known.up !== undefined)
      throw new UsageError(`${directory}: two files are migration ${part.name}`);
    migrations.set(part.name, { ...known, ...texts });
  }
  const lone = [...migrations].find(([, { up }]) => up === undefined);
  if (lone !== undefined)
    throw new UsageError(
      `${directory}: there is a way back from ${lone[0]} and no way there: its up file is missing`,
    );
  return inMigrationOrder(
    [...migrations].map(([name, { tool, up = '', down = '' }]) => ({ name, tool, up, down })),
  );
}

async function readSources(directory: string): Promise<readonly SourceText[]> {
  const names = await readdir(directory).catch((thrown: unknown) => {
    throw new UsageError(`cannot read the folder of migrations ${directory}: ${messageOf(thrown)}`);
  });
  const files = names.filter((name) => /\.(?:sql|json)$/.test(name)).toSorted();
  if (files.length === 0)
    throw new UsageError(
      `${directory} holds no migrations: files such as 0001_add_phone.up.sql and 0001_add_phone.down.sql`,
    );
  if (files.length > mostFiles)
    throw new UsageError(`${directory} holds ${files.length} files, more than ${mostFiles}`);
  const sources: SourceText[] = [];
  let bytes = 0;
  for (const file of files) {
    const content = await readFile(join(directory, file)).catch((thrown: unknown) => {
      throw new UsageError(`cannot read ${join(directory, file)}: ${messageOf(thrown)}`);
    });
    bytes += content.length;
    if (bytes > mostBytes)
      throw new UsageError(
        `${directory}: the files have more than ${mostBytes} bytes together: load data by another way`,
      );
    sources.push({ file, text: decode(join(directory, file), content) });
  }
  return sources;
}

function decode(path: string, content: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new UsageError(`${path} is not UTF-8`);
  }
}

function partOf({ file, text }: SourceText, asked: MigrationTool | undefined): Part {
  for (const { tool, pattern, side } of forms) {
    const match = pattern.exec(file);
    if (match === null) continue;
    if (tool === 'dbmate' && !/^--\s*migrate:up\b/m.test(text)) break;
    const isAlike = tool === 'reeve' && asked === 'golang-migrate';
    return { tool: isAlike ? asked : tool, name: match[1] ?? file, side: side(match) };
  }
  throw new UsageError(
    `${file} is no migration: name it NUMBER_name.up.sql and give it a NUMBER_name.down.sql (files of Flyway and dbmate are known too)`,
  );
}

/** Empty lines stand for what is left out, so that line numbers are those of the file. */
function dbmateParts({ text }: SourceText): { readonly up: string; readonly down: string } {
  const parts: { readonly up: string[]; readonly down: string[] } = { up: [], down: [] };
  let side: keyof typeof parts | undefined;
  for (const line of text.split('\n')) {
    const marker = /^--\s*migrate:(up|down)\b/.exec(line)?.[1];
    if (marker === 'up' || marker === 'down') side = marker;
    for (const each of ['up', 'down'] as const)
      parts[each].push(each === side && marker === undefined ? line : '');
  }
  return { up: parts.up.join('\n'), down: parts.down.join('\n') };
}
