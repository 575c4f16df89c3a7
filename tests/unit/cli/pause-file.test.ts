import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pauseFileOf } from '../../../src/cli/pause-file.ts';

describe('the file that pauses', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reeve-pause-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('pauses while it is there', async () => {
    const pauseFile = join(folder, 'pause');
    const before = pauseFileOf({ pauseFile });
    await writeFile(pauseFile, '');

    expect([before, pauseFileOf({ pauseFile })]).toEqual([undefined, pauseFile]);
  });

  it('pauses as a link to nothing', async () => {
    const pauseFile = join(folder, 'pause');
    await symlink(join(folder, 'missing'), pauseFile);

    expect(pauseFileOf({ pauseFile })).toBe(pauseFile);
  });

  it('pauses where nobody can say whether it is there', async () => {
    await symlink('loop', join(folder, 'loop'));
    const pauseFile = join(folder, 'loop', 'pause');

    expect(pauseFileOf({ pauseFile })).toBe(pauseFile);
  });

  it('pauses nothing where none is configured', () => {
    expect(pauseFileOf({})).toBeUndefined();
  });
});
