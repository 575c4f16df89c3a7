/** Does the same for each, a few at a time, in order of batches; the first failure ends it. */
export async function inBatches<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  signal: AbortSignal,
  size = 16,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += size) {
    signal.throwIfAborted();
    results.push(...(await Promise.all(items.slice(at, at + size).map(work))));
  }
  return results;
}
