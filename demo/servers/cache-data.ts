import { Redis } from 'ioredis';

/** One key that is far too big: about 2 MB. */
const archiveKey = 'archive:2025';
const archived = 20_000;

export const sessionBody = 'x'.repeat(700);
const sessions = 32_000;
const batchSize = 2_000;

/** Fills the cache with more than it may hold, so the oldest sessions are evicted. */
export async function fillCache(url: string, signal: AbortSignal): Promise<void> {
  const client = new Redis(url);
  client.on('error', () => undefined); // the server went away: the command that fails says so
  try {
    for (let first = 0; first < sessions; first += batchSize) {
      signal.throwIfAborted();
      const batch = client.pipeline();
      for (let id = first; id < first + batchSize; id += 1)
        batch.set(`session:${id}`, sessionBody, 'EX', 3_600);
      await batch.exec();
    }
    const entries = Array.from({ length: archived }, (_, id) => [`order-${id}`, 'x'.repeat(60)] as const);
    await client.hset(archiveKey, Object.fromEntries(entries));
  } finally {
    client.disconnect();
  }
}
