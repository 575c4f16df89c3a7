import { z } from 'zod';
import type { RememberedLinks } from '../core/index-usage.ts';
import { StoreError } from './store-error.ts';

/** Times by name as pairs, so that a name like `__proto__` is an ordinary one. */
const times = z.array(z.tuple([z.string(), z.number()])).transform((pairs) => Object.fromEntries(pairs));
const names = z.array(z.string());

const rememberedLinks = z.object({ names, sees: names, lastBorne: times, lastSeen: times });
const gaps = z.array(z.number());

export function linksToJson({ names, sees, lastBorne, lastSeen }: RememberedLinks): string {
  return JSON.stringify({
    names,
    sees,
    lastBorne: Object.entries(lastBorne),
    lastSeen: Object.entries(lastSeen),
  });
}

/** @throws {StoreError} `damaged` when the text is not what `linksToJson` made. */
export function linksFromJson(text: string): RememberedLinks {
  return parse(rememberedLinks, 'links', text);
}

/** @throws {StoreError} `damaged` when the text is not a list of numbers. */
export function gapsFromJson(text: string): readonly number[] {
  return parse(gaps, 'gaps', text);
}

function parse<T>(schema: z.ZodType<T>, column: string, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (thrown) {
    throw new StoreError('damaged', `the store holds something else than it wrote in column ${column}`, {
      cause: thrown,
    });
  }
}
