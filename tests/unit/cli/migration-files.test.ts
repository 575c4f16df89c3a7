import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMigrations } from '../../../src/cli/migration-files.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

describe('a folder of migrations', () => {
  let folder: TempDir;
  beforeEach(async () => {
    folder = await createTempDir('migrations');
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  async function read(
    files: Readonly<Record<string, string | Uint8Array>>,
    tool?: 'golang-migrate',
  ): ReturnType<typeof readMigrations> {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
    return readMigrations(folder.path, tool);
  }

  it('gives pairs in the order of their numbers, and an empty way back where there is none', async () => {
    const found = await read({
      '10_late.up.sql': 'C',
      '9_early.down.sql': 'B',
      '9_early.up.sql': 'A',
      'README.md': '#',
    });

    expect(found).toEqual([
      { name: '9_early', tool: 'reeve', up: 'A', down: 'B' },
      { name: '10_late', tool: 'reeve', up: 'C', down: '' },
    ]);
  });

  it('knows the files of Flyway, and those of golang-migrate when it is told', async () => {
    expect(await read({ 'V2__b.sql': 'up', 'U2__b.sql': 'down' })).toEqual([
      { name: '2__b', tool: 'flyway', up: 'up', down: 'down' },
    ]);
    expect(await read({ '3_c.up.sql': 'up' }, 'golang-migrate')).toContainEqual({
      name: '3_c',
      tool: 'golang-migrate',
      up: 'up',
      down: '',
    });
  });

  it('splits the files of dbmate, and keeps the numbers of their lines', async () => {
    const [found] = await read({
      '1_a.sql': '-- migrate:up\nUP 2;\n-- migrate:down transaction:false\nDOWN 4;\n',
    });

    expect(found).toEqual({ name: '1_a', tool: 'dbmate', up: '\nUP 2;\n\n\n', down: '\n\n\nDOWN 4;\n' });
  });

  it.each([
    ['is empty', {}, 'holds no migrations: files such as'],
    ['has a way back only', { '1_a.down.sql': 'x' }, 'its up file is missing'],
    [
      'has another file of SQL',
      { 'seed.sql': 'INSERT' },
      'seed.sql is no migration: name it NUMBER_name.up.sql',
    ],
    ['is not UTF-8', { '1_a.up.sql': new Uint8Array([0xff, 0xfe]) }, '1_a.up.sql is not UTF-8'],
    ['is too large', { '1_a.up.sql': 'x'.repeat(1_000_001) }, 'more than 1000000 bytes together'],
    ['has two of one name', { '1_a.up.sql': 'x', '1_a.up.json': 'y' }, 'two files are migration 1_a'],
  ])('is refused with what to do when it %s', async (_, files, text) => {
    await expect(read(files)).rejects.toThrow(text);
  });

  it('is refused when it is not there, or a file in it cannot be read', async () => {
    await expect(readMigrations(join(folder.path, 'nowhere'), undefined)).rejects.toThrow(
      'cannot read the folder of migrations',
    );
    await mkdir(join(folder.path, '1_a.up.sql'));
    await expect(readMigrations(folder.path, undefined)).rejects.toThrow('cannot read');
  });
});
