import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ToolFaults {
  readonly mongodump?: 'exit';
  readonly mongod?: 'refuse' | 'elsewhere' | 'port-once' | 'deny';
  readonly mongorestore?: 'exit' | 'hang' | 'lose';
}

/** Puts the stand-ins into a folder, for `binaries` of a target. They are not MongoDB's programs. */
export async function installStandIns(
  folder: string,
  {
    faults = {},
    only = ['mongod', 'mongorestore', 'mongodump'],
  }: { readonly faults?: ToolFaults; readonly only?: readonly string[] } = {},
): Promise<void> {
  for (const program of only) {
    const path = join(folder, program);
    const script = join(import.meta.dirname, `${program}.program.ts`);
    // `exec -a`: its command line is read as that of the program it stands for.
    const text = `#!/bin/bash\nexec -a ${program} ${process.execPath} ${script} ${folder} "$@"\n`;
    await writeFile(path, text);
    await chmod(path, 0o755);
  }
  await writeFile(join(folder, 'faults.json'), JSON.stringify(faults));
}
