import { randomBytes } from 'node:crypto';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../run-command.ts';
import { buildOnce, type Installation, makeServerFolder } from './installation.ts';

/** Always part of every data directory made here; pg_hba.conf and passwords come later. */
const INITDB = [
  '--username=postgres',
  '--auth=trust',
  '--encoding=UTF8',
  '--locale=C',
  '--no-sync',
  // else initdb takes the zone of the machine and the tests' timestamps differ by place
  '--set=timezone=UTC',
];

/** A data directory made by the real initdb (1 to 2.5 s). */
export async function initialise(
  installation: Installation,
  path: string,
  extra: readonly string[],
): Promise<void> {
  const { account, binDirectory, major } = installation;
  const args = INITDB.filter((arg) => major >= 16 || !arg.startsWith('--set='));
  await makeServerFolder(path, account);
  await runOrThrow(join(binDirectory, 'initdb'), [...args, ...extra, '-D', path], {
    account,
    cwd: path,
    env: { TZ: 'UTC' },
  });
}

/**
 * A copy (about 0.1 s) of a data directory that initdb made once for this version.
 *
 * initdb gives every cluster its own `system_identifier`, by which standbys, backups and Reeve tell clusters apart; so the copy gets a
 * new one too, in the two places where the server keeps it.
 */
export async function cloneTemplate(installation: Installation, path: string): Promise<void> {
  const cache = await prepareTemplate(installation);
  await runOrThrow('cp', ['-a', '--reflink=auto', join(cache, 'data'), path]);
  await replaceSystemIdentifier(path);
}

/** Makes the template where there is none. Whoever starts several servers at the same time waits for it first: each would make it. */
export async function prepareTemplate(installation: Installation): Promise<string> {
  const { account, version } = installation;
  return buildOnce(`postgres-${version}-template-${account?.uid ?? 'own'}`, async (draft) => {
    await chmod(draft, 0o755);
    await initialise(installation, join(draft, 'data'), []);
  });
}

async function replaceSystemIdentifier(path: string): Promise<void> {
  const identifier = Buffer.concat([randomBytes(4), secondsNow()]); // little-endian: seconds in the upper half, as initdb does
  const control = join(path, 'global', 'pg_control');
  await writeFile(control, withIdentifier(await readFile(control), identifier));
  const segments = (await readdir(join(path, 'pg_wal'))).filter((name) => /^[0-9A-F]{24}$/.test(name));
  for (const name of segments) {
    const file = join(path, 'pg_wal', name);
    const wal = await readFile(file);
    identifier.copy(wal, 24); // XLogLongPageHeaderData.xlp_sysid, on the first page of a segment; not covered by a checksum
    await writeFile(file, wal);
  }
}

/** ControlFileData begins with the identifier and ends with a CRC-32C of all before it; its length differs by version. */
function withIdentifier(control: Buffer, identifier: Buffer): Buffer {
  const crc = new Crc32c();
  const length = crc.findEnd(control);
  const changed = Buffer.from(control);
  identifier.copy(changed, 0);
  changed.writeUInt32LE(new Crc32c().update(changed.subarray(0, length)).value(), length);
  return changed;
}

function secondsNow(): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(Math.floor(Date.now() / 1000));
  return bytes;
}

/** The Castagnoli CRC, bit by bit: a few hundred bytes do not deserve a table. */
class Crc32c {
  #state = 0xffffffff;

  update(bytes: Buffer): this {
    for (const byte of bytes) {
      this.#state ^= byte;
      for (let bit = 0; bit < 8; bit += 1) {
        this.#state = (this.#state >>> 1) ^ (this.#state & 1 ? 0x82f63b78 : 0);
      }
    }
    return this;
  }

  value(): number {
    return (this.#state ^ 0xffffffff) >>> 0;
  }

  /** The offset at which the bytes hold the CRC of everything before that offset. */
  findEnd(bytes: Buffer): number {
    for (let offset = 0; offset + 8 <= 512; offset += 4) {
      this.update(bytes.subarray(offset, offset + 4));
      if (offset > 64 && bytes.readUInt32LE(offset + 4) === this.value()) return offset + 4;
    }
    throw new Error('pg_control holds no valid checksum');
  }
}
