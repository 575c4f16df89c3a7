import { chmod } from 'node:fs/promises';
import { runCommand, runOrThrow } from '../../../../../tests/support/run-command.ts';
import { createTempDir } from '../../../../../tests/support/temp-dir.ts';

export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
}

/** A file system in memory that is soon full; undefined where it may not be mounted. */
export async function mountSmall(mebibytes: number): Promise<SmallDisk | undefined> {
  const folder = await createTempDir('small-disk');
  const options = ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0711`, 'tmpfs', folder.path];
  const mounted = await runCommand('mount', options).catch(() => undefined);
  if (mounted?.code !== 0) {
    await folder.remove();
    return undefined;
  }
  await chmod(folder.path, 0o711);
  return {
    path: folder.path,
    [Symbol.asyncDispose]: async () => {
      await runOrThrow('umount', [folder.path]);
      await folder.remove();
    },
  };
}
