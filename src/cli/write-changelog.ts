import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Appends a text to a file that is made when it is missing; one that is there already is not written twice. */
export async function writeChangelog(file: string, text: string): Promise<void> {
  const before = await readIfThere(file);
  if (before.includes(text.trim())) return;
  await mkdir(dirname(file), { recursive: true });
  const gap = before === '' || before.endsWith('\n\n') ? '' : before.endsWith('\n') ? '\n' : '\n\n';
  await appendFile(file, `${gap}${text.trimEnd()}\n`);
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // The first entry makes the file.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
