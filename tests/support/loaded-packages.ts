import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runReeve, type SpawnReeveOptions } from './process.ts';
import { createTempDir } from './temp-dir.ts';

/** Runs a command of Reeve to its end and tells which packages it loaded, each once, in the order in which they were. */
export async function packagesLoadedBy(
  args: readonly string[],
  options: SpawnReeveOptions = {},
): Promise<readonly string[]> {
  await using folder = await createTempDir('loaded-packages');
  const file = join(folder.path, 'packages');
  const hook = new URL('loaded-packages.program.ts', import.meta.url).href;
  const { code, stderr } = await runReeve(args, {
    ...options,
    nodeArgs: [...(options.nodeArgs ?? []), `--import=${hook}`],
    env: { ...options.env, LOADED_PACKAGES: file },
    timeoutMs: 60_000,
  });
  // 1: a target could not be read, which is what a caller without a server wants.
  if (code !== 0 && code !== 1) throw new Error(`reeve exited with ${code}:\n${stderr}`);
  return (await readFile(file, 'utf8')).trimEnd().split('\n');
}
