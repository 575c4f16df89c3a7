import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** A point without the number of its repetition: every look of a soak is the same code. */
export function kindOfPoint(point: string): string {
  return point.replace(/ \d+$/, '');
}

/** What a mortal agent wrote into its file of points, each once, in the order in which it first came there. */
export async function pointsPassed(file: string): Promise<readonly string[]> {
  if (!existsSync(file)) return [];
  const text = await readFile(file, 'utf8');
  return [...new Set(text.split('\n').filter((line) => line !== ''))];
}
