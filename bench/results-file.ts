import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { renderResults } from './render.ts';
import { type Section, sectionSchema } from './report.ts';

const fileSchema = z.object({ sections: z.record(z.string(), sectionSchema) });

/** Puts new sections in the place of those of earlier runs, in the given order, and writes results.json and RESULTS.md. */
export async function writeResults(
  folder: string,
  fresh: Readonly<Record<string, Section>>,
  order: readonly string[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'results.json');
  const before = existsSync(path) ? fileSchema.parse(JSON.parse(await readFile(path, 'utf8'))).sections : {};
  const all = { ...before, ...fresh };
  const sections = Object.fromEntries(
    order.flatMap((id) => (all[id] === undefined ? [] : [[id, all[id]] as const])),
  );
  await writeFile(path, `${JSON.stringify({ sections }, undefined, 1)}\n`);
  await writeFile(join(folder, 'RESULTS.md'), renderResults(sections));
}
