import { open } from 'node:fs/promises';
import { ByteReader } from './byte-reader.ts';
import { BackupError } from './chain.ts';

/** What stands at the beginning of a file of `pg_dump -Fc`: its header and its table of contents. */
export interface DumpArchive {
  /** `1.14`. */
  readonly format: string;
  /** When the dump began, Unix time in milliseconds, read in the time zone of this machine: the file does not name its own. */
  readonly begunAt: number;
  readonly database: string;
  /** Of the server that was dumped, such as `15.18 (Debian …)`. */
  readonly serverVersion: string;
  readonly dumpVersion: string;
  readonly entries: readonly DumpEntry[];
}

export interface DumpEntry {
  readonly id: number;
  /** Number of the object on the server that was dumped; 0 for what is none. */
  readonly oid: number;
  /** `TABLE`, `TABLE DATA`, `INDEX`, `ENCODING` … */
  readonly kind: string;
  readonly schema: string;
  readonly name: string;
  readonly owner: string;
  readonly definition: string;
  /** Where its data begin in the file; undefined for entries without. */
  readonly dataAt: number | undefined;
}

/** Of the archive format. */
const newest = 16;
const oldest = 12;
const custom = 1;
const offsetSet = 2;
const mostTableOfContents = 268_435_456;

/**
 * Reads the table of contents of an archive in the custom format.
 *
 * @throws {BackupError} when it is none, is cut off inside of it, or is of a format that is not known.
 * @see https://git.postgresql.org/gitweb/?p=postgresql.git;a=blob;f=src/bin/pg_dump/pg_backup_archiver.c (ReadHead, ReadToc)
 */
export async function readDumpArchive(path: string): Promise<DumpArchive> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  for (let length = Math.min(size, 1_048_576); ; length = Math.min(size, length * 4)) {
    const bytes = Buffer.alloc(length);
    await file.read(bytes, 0, length, 0);
    const reader = new ByteReader(bytes);
    try {
      return parseArchive(reader);
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown;
      if (length >= size) throw new BackupError('the file ends inside of its table of contents');
      if (length >= mostTableOfContents) throw new BackupError('its table of contents does not end');
    }
  }
}

/**
 * Whether the last table's data end where the file ends: a file that was cut off, even by one byte, is found by that. Reads the block
 * headers of that table only.
 */
export async function endsWhereItShould(path: string, archive: DumpArchive): Promise<boolean> {
  const starts = archive.entries.flatMap(({ dataAt }) => (dataAt === undefined ? [] : [dataAt]));
  if (starts.length === 0) return true;
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  let at = Math.max(...starts);
  const read = async (length: number): Promise<ByteReader> => {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await file.read(bytes, 0, length, at);
    at += length;
    return new ByteReader(bytes.subarray(0, bytesRead), 4, 8);
  };
  const isLargeObjects = (await read(6)).byte() === 3;
  try {
    if (isLargeObjects) {
      while ((await read(5)).int() !== 0)
        at = await skipBlocks(
          read,
          () => at,
          (next) => (at = next),
        );
    } else
      await skipBlocks(
        read,
        () => at,
        (next) => (at = next),
      );
  } catch (thrown) {
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
  return at === size;
}

async function skipBlocks(
  read: (length: number) => Promise<ByteReader>,
  position: () => number,
  move: (to: number) => void,
): Promise<number> {
  for (;;) {
    const length = (await read(5)).int();
    if (length === 0) return position();
    if (length < 0) throw new RangeError('a block of negative length');
    move(position() + length);
  }
}

function parseArchive(reader: ByteReader): DumpArchive {
  if (reader.text(5) !== 'PGDMP')
    throw new BackupError('the file is not one of pg_dump -Fc: it does not begin with PGDMP');
  const major = reader.byte();
  const minor = reader.byte();
  reader.byte();
  if (major !== 1 || minor < oldest || minor > newest) {
    throw new BackupError(
      `the file has archive format ${major}.${minor}, and 1.${oldest} to 1.${newest} are known`,
    );
  }
  reader.intSize = reader.byte();
  reader.offsetSize = reader.byte();
  if (reader.byte() !== custom) throw new BackupError('the file is not in the custom format (pg_dump -Fc)');
  if (minor >= 15) reader.byte();
  else reader.int();
  const [second = 0, minute = 0, hour = 0, day = 1, month = 0, year = 0] = Array.from({ length: 6 }, () =>
    reader.int(),
  );
  reader.int();
  const database = reader.string() ?? '';
  const serverVersion = reader.string() ?? '';
  const dumpVersion = reader.string() ?? '';
  const count = reader.int();
  const entries = Array.from({ length: Math.max(0, count) }, () => parseEntry(reader, minor));
  const begunAt = new Date(year + 1900, month, day, hour, minute, second).getTime();
  return { format: `${major}.${minor}`, begunAt, database, serverVersion, dumpVersion, entries };
}

function parseEntry(reader: ByteReader, minor: number): DumpEntry {
  const id = reader.int();
  reader.int(); // has data
  reader.string(); // oid of its catalogue
  const oid = Number(reader.string() ?? 0);
  const name = reader.string() ?? '';
  const kind = reader.string() ?? '';
  reader.int(); // section
  const definition = reader.string() ?? '';
  reader.string(); // how to drop it
  reader.string(); // how to copy it
  const schema = reader.string() ?? '';
  reader.string(); // tablespace
  if (minor >= 14) reader.string(); // access method
  if (minor >= 16) reader.int(); // kind of relation
  const owner = reader.string() ?? '';
  reader.string(); // with oids
  while (reader.string() !== undefined); // what it depends on
  const state = reader.byte();
  const offset = reader.offset();
  return { id, oid, kind, schema, name, owner, definition, dataAt: state === offsetSet ? offset : undefined };
}
