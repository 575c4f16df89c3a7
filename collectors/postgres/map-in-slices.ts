import { setImmediate } from 'node:timers/promises';

/** Items between two pauses: a few milliseconds of work. */
const sliceLength = 500;

/** As `items.map`, with a pause now and then, so that a list of thousands does not hold up scrapes and other targets. */
export async function mapInSlices<T, U>(items: readonly T[], map: (item: T) => U): Promise<readonly U[]> {
  if (items.length <= sliceLength) return items.map(map);
  const mapped: U[] = [];
  for (const item of items) {
    mapped.push(map(item));
    if (mapped.length % sliceLength === 0) await setImmediate();
  }
  return mapped;
}
