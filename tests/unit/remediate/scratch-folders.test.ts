import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createScratchFolders } from '../../../src/remediate/drill/scratch-folders.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

let dir: TempDir;
let root: string;
beforeEach(async () => {
  dir = await createTempDir('scratch');
  root = join(dir.path, 'scratch');
});
afterEach(() => dir.remove());

const scratch = createScratchFolders();

describe('scratch on the disk', () => {
  it('is made where it is missing, for nobody else, and wiped with all that is in it', async () => {
    const folder = await scratch.make(root, 'r-1', ['/var/lib/elsewhere']);
    await mkdir(join(folder, 'data'), { mode: 0o500 });
    await writeFile(join(folder, 'file'), 'rows');

    expect((await stat(root)).mode & 0o777).toBe(0o711);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await scratch.names(root)).toStrictEqual(['r-1']);
    expect(await scratch.find(root, 'r-1')).toBe(folder);
    expect(await scratch.freeBytes(root)).toBeGreaterThan(0);
    await scratch.wipe(root, 'r-1');
    await scratch.wipe(root, 'r-1');
    expect(await readdir(root)).toStrictEqual([]);
    expect(await scratch.find(root, 'r-1')).toBeUndefined();
  });

  it('says what to do where it cannot be made', async () => {
    const file = join(dir.path, 'file');
    await writeFile(file, '');

    await expect(createScratchFolders().make(join(file, 'scratch'), 'r-1', [])).rejects.toThrow(
      /^remediation\.scratch \(.*scratch\) cannot be made: .*; make it and give it to the user that runs Reeve/,
    );
  });

  it('has nothing before it is made', async () => {
    expect(await scratch.names(root)).toStrictEqual([]);
  });

  it.each([0o777, 0o1777, 0o770])('is refused while others may write to it (mode %o)', async (mode) => {
    await mkdir(root);
    await chmod(root, mode);

    await expect(scratch.make(root, 'r-1', [])).rejects.toThrow(`chmod 711 ${root}`);
    expect(await readdir(root)).toStrictEqual([]);
  });

  it.each([
    { what: 'is where data is kept', place: 'scratch' },
    { what: 'lies in a folder with data', place: '.' },
    { what: 'lies around a folder with data', place: 'scratch/backups' },
  ])('is refused when it $what', async ({ place }) => {
    await expect(scratch.make(root, 'r-1', [join(dir.path, place)])).rejects.toThrow('lie in one another');
  });

  it('is refused when it leads into data by another name', async () => {
    const data = join(dir.path, 'data');
    await mkdir(data, { mode: 0o700 });
    await symlink(data, root);

    await expect(scratch.make(root, 'r-1', [data])).rejects.toThrow('lie in one another');
  });

  it.each(['PG_VERSION', 'WiredTiger', 'dump.rdb'])(
    'is refused when a server keeps %s there',
    async (mark) => {
      await mkdir(root, { mode: 0o700 });
      await writeFile(join(root, mark), '');

      await expect(scratch.make(root, 'r-1', [])).rejects.toThrow(join(root, mark));
    },
  );

  it('is refused below the data of a server', async () => {
    await writeFile(join(dir.path, 'PG_VERSION'), '15');

    await expect(scratch.make(root, 'r-1', [])).rejects.toThrow("a database's own data");
  });

  it('never takes over a folder that is there', async () => {
    await scratch.make(root, 'r-1', []);

    await expect(scratch.make(root, 'r-1', [])).rejects.toThrow('EEXIST');
  });
});
