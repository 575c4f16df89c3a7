import type { Clock } from '../../../src/sdk.ts';
import type { Command, Connection } from '../connection.ts';
import { familyOf } from './key-family.ts';

/** Keys of one family, as far as they were drawn. */
export interface KeyFamily {
  readonly family: string;
  readonly keys: number;
  readonly bytes: number;
  readonly largestBytes: number;
}

export interface KeySample {
  readonly keys: number;
  readonly bytes: number;
  /** Most bytes first. */
  readonly families: readonly KeyFamily[];
}

const batch = 100;
const mostKeys = 2_000;
/** A server that takes this long for one batch is left in peace. */
const slowMs = 100;
const restMs = 20;
const mostFamilies = 20;

/**
 * Draws keys by SCAN and measures them by MEMORY USAGE: neither counts as a lookup, so the hit ratio stays what it is. TTL, TYPE and OBJECT
 * would count, and are not asked. SCAN goes by hashes, so that its beginning is a random sample.
 */
export async function drawKeys(
  connection: Connection,
  databases: readonly { readonly name: string; readonly keys: number }[],
  clock: Clock,
  signal: AbortSignal,
): Promise<KeySample> {
  const families = new Map<string, KeyFamily>();
  const all = databases.reduce((sum, { keys }) => sum + keys, 0);
  for (const { name, keys } of databases) {
    const share = Math.max(batch, Math.round((mostKeys * keys) / Math.max(1, all)));
    await drawFrom(connection, name, share, { families, clock, signal });
  }
  const sorted = [...families.values()].toSorted((one, other) => other.bytes - one.bytes);
  return {
    keys: sorted.reduce((sum, { keys }) => sum + keys, 0),
    bytes: sorted.reduce((sum, { bytes }) => sum + bytes, 0),
    families: sorted.slice(0, mostFamilies),
  };
}

interface Drawing {
  readonly families: Map<string, KeyFamily>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

async function drawFrom(
  connection: Connection,
  database: string,
  wanted: number,
  { families, clock, signal }: Drawing,
): Promise<void> {
  let cursor = '0';
  let drawn = 0;
  do {
    const startMs = clock.monotonicMs();
    const scan: readonly Command[] = [
      ['SELECT', database],
      ['SCAN', cursor, 'COUNT', String(batch)],
    ];
    const outcome = (await connection.pipelineBytes(scan, signal)).at(-1);
    if (outcome === undefined) return;
    if (outcome.error !== undefined) throw outcome.error;
    const { next, keys } = parseScan(outcome.reply);
    cursor = next;
    const commands = keys.map((key): Command => ['MEMORY', 'USAGE', key]);
    const sizes = keys.length === 0 ? [] : await connection.pipeline(commands, signal);
    for (const [place, size] of sizes.entries()) {
      if (size.error !== undefined) throw size.error;
      if (typeof size.reply === 'number') count(families, keys[place], size.reply);
    }
    drawn += keys.length;
    if (clock.monotonicMs() - startMs > slowMs) return;
    if (cursor !== '0' && drawn < wanted) await clock.sleep(restMs, signal);
  } while (cursor !== '0' && drawn < wanted);
}

function count(families: Map<string, KeyFamily>, key: Buffer | undefined, bytes: number): void {
  const family = familyOf(key?.toString('latin1') ?? '');
  const known = families.get(family) ?? { family, keys: 0, bytes: 0, largestBytes: 0 };
  families.set(family, {
    family,
    keys: known.keys + 1,
    bytes: known.bytes + bytes,
    largestBytes: Math.max(known.largestBytes, bytes),
  });
}

function parseScan(reply: unknown): { readonly next: string; readonly keys: readonly Buffer[] } {
  if (!Array.isArray(reply) || !Array.isArray(reply[1])) return { next: '0', keys: [] };
  return {
    next: String(reply[0]),
    keys: reply[1].filter((key: unknown): key is Buffer => Buffer.isBuffer(key)),
  };
}
