import { createReadStream } from 'node:fs';
import type { DrillCheck } from '../../../src/sdk.ts';
import type { ScratchClient } from './scratch-client.ts';

/** A key that was restored. */
export interface SampledKey {
  readonly database: string;
  readonly key: Buffer;
  readonly type: string;
  /** As DUMP gives it: type, value, two bytes of version, checksum. */
  readonly dump: Buffer;
}

/** How many keys are looked at, over all databases. */
const sampleSize = 40;
const largestPattern = 1_048_576;
/** Longer texts may be stored compressed. */
const longestPlain = 20;
const trailerBytes = 10;
const stringType = 0;

/** Keys drawn at random, with their values read in full; a value that cannot be read rejects. */
export async function sampleKeys(
  client: ScratchClient,
  databases: readonly string[],
  signal: AbortSignal,
): Promise<readonly SampledKey[]> {
  const found = new Map<string, SampledKey>();
  const share = Math.max(1, Math.ceil(sampleSize / Math.max(1, databases.length)));
  for (const database of databases.slice(0, sampleSize)) {
    await client.call('SELECT', database);
    for (let draw = 0; draw < share; draw += 1) {
      signal.throwIfAborted();
      const key = await client.callBytes('RANDOMKEY');
      if (!Buffer.isBuffer(key)) break;
      const type = String(await client.call('TYPE', key));
      const dump = await client.callBytes('DUMP', key);
      // Gone since: its time to live was over.
      if (Buffer.isBuffer(dump))
        found.set(`${database} ${key.toString('hex')}`, { database, key, type, dump });
    }
  }
  return [...found.values()];
}

/**
 * Whether sampled strings stand in the file byte for byte as they came out of the server. Other types are written in an order of their own
 * and are only read.
 */
export async function compareWithFile(
  path: string,
  sample: readonly SampledKey[],
  signal: AbortSignal,
): Promise<DrillCheck> {
  const name = 'sampled values';
  const patterns = sample.flatMap((each) => {
    const pattern = patternOf(each);
    return pattern === undefined ? [] : [pattern];
  });
  const types = [...new Set(sample.map(({ type }) => type))].toSorted().join(', ');
  const read = `${sample.length} keys drawn at random were read in full (${types})`;
  if (sample.length === 0) return { name, verdict: 'not_done', detail: 'there was no key to read' };
  if (patterns.length === 0)
    return {
      name,
      verdict: 'passed',
      detail: `${read}; none is of a kind that can be compared with the file byte for byte`,
    };
  const missing = await missingIn(path, patterns, signal);
  return missing === 0
    ? { name, verdict: 'passed', detail: `${read}; ${patterns.length} strings are in the file byte for byte` }
    : {
        name,
        verdict: 'failed',
        detail: `${missing} of ${patterns.length} strings came out of the server otherwise than they are in the file`,
      };
}

/** Type, key and value as an RDB file holds them; undefined where the file may hold them otherwise (compressed, as integers). */
function patternOf({ key, dump }: SampledKey): Buffer | undefined {
  if (dump[0] !== stringType || key.length > longestPlain || /^-?\d+$/.test(key.toString('latin1')))
    return undefined;
  const value = dump.subarray(1, -trailerBytes);
  const pattern = Buffer.concat([Buffer.from([stringType, key.length]), key, value]);
  return pattern.length > largestPattern ? undefined : pattern;
}

async function missingIn(path: string, patterns: readonly Buffer[], signal: AbortSignal): Promise<number> {
  const wanted = new Set(patterns);
  const longest = Math.max(...patterns.map(({ length }) => length));
  let carried = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 8_388_608, signal })) {
    if (!Buffer.isBuffer(chunk)) continue;
    const window = Buffer.concat([carried, chunk]);
    for (const pattern of wanted) if (window.includes(pattern)) wanted.delete(pattern);
    if (wanted.size === 0) return 0;
    carried = window.subarray(Math.max(0, window.length - longest));
  }
  return wanted.size;
}
