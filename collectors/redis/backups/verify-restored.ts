import { type DrillCheck, messageOf } from '../../../src/sdk.ts';
import type { Connection } from '../connection.ts';
import { parseInfo } from '../info.ts';
import { databasesOf } from '../keyspace.ts';
import { countRdb } from './check-program.ts';
import { compareWithFile, type SampledKey, sampleKeys } from './compare-sample.ts';
import type { Copy } from './prepare-copy.ts';
import type { ScratchServer } from './scratch-server.ts';

export interface Restored {
  readonly server: ScratchServer;
  readonly copy: Copy;
  /** `redis-check-rdb`; undefined where there is none. */
  readonly checker: string | undefined;
  /** A connection of the collecting login to the target's primary; a text says why there is none. */
  readonly target: Connection | string;
  readonly signal: AbortSignal;
}

export interface Verified {
  readonly checks: readonly DrillCheck[];
  readonly keys: number;
  readonly databases: number;
}

/** Compares what was loaded with the file, and looks whether it could be the target's. */
export async function verifyRestored(restored: Restored): Promise<Verified> {
  const { server, copy, signal, target } = restored;
  const info = await server.info();
  const databases = databasesOf(info);
  const keys = databases.reduce((sum, each) => sum + each.keys, 0);
  const loaded = info.number('rdb_last_load_keys_loaded');
  const expired = info.number('rdb_last_load_keys_expired');
  const sample = await sampleKeys(
    server.client,
    databases.map(({ name }) => name),
    signal,
  );
  const checks = [
    copy.rdb === undefined
      ? await appendCheck(server, keys)
      : await keysCheck(restored, copy.rdb, { keys, loaded, expired }),
    copy.rdb === undefined ? readOnly(sample) : await compareWithFile(copy.rdb, sample, signal),
    await targetCheck(target, sample, signal),
  ];
  return { checks, keys, databases: databases.length };
}

/** The server's own count of what it loaded against the checker's count of what is in the file. */
async function keysCheck(
  { checker, signal }: Restored,
  rdb: string,
  {
    keys,
    loaded,
    expired,
  }: { readonly keys: number; readonly loaded: number | undefined; readonly expired: number | undefined },
): Promise<DrillCheck> {
  const name = 'keys';
  if (checker === undefined)
    return {
      name,
      verdict: 'not_done',
      detail: `${keys} keys were loaded; redis-check-rdb is not installed, so nothing tells how many are in the file (package redis-tools)`,
    };
  const counted = await countRdb(checker, rdb, signal);
  if (typeof counted === 'string') return { name, verdict: 'failed', detail: `redis-check-rdb: ${counted}` };
  const out = expired ?? counted.expired;
  const found = loaded ?? keys;
  const isWhole =
    found + out === counted.keys ||
    (loaded === undefined && found <= counted.keys && found + counted.expired >= counted.keys);
  const detail = `${counted.keys} keys in the file, ${found} loaded, ${out} left out because their time to live was over`;
  return { name, verdict: isWhole ? 'passed' : 'failed', detail };
}

/**
 * An append-only file says nowhere how many keys there are; the server says whether its end was whole. Where it was not, nobody knows how
 * much is missing behind it: one command of a copy that was made while the server wrote, or half of the file.
 */
async function appendCheck(server: ScratchServer, keys: number): Promise<DrillCheck> {
  const lines = await server.log();
  const cut = lines.filter((line) => /short read|truncat/i.test(line));
  const name = 'append-only file';
  return cut.length === 0
    ? { name, verdict: 'passed', detail: `${keys} keys after all its commands; its end is whole` }
    : {
        name,
        verdict: 'failed',
        detail: `its end was cut off within a command, and nothing tells how much is missing after it (${cut.join('; ')}): copy the files again, and while the server does not rewrite them; to load it as it is, with ${keys} keys: --aof-load-truncated yes`,
      };
}

function readOnly(sample: readonly SampledKey[]): DrillCheck {
  const name = 'sampled values';
  return sample.length === 0
    ? { name, verdict: 'not_done', detail: 'there was no key to read' }
    : { name, verdict: 'passed', detail: `${sample.length} keys drawn at random were read in full` };
}

/** The target moved on since; that keys are there today with the same size only makes it plausible that this is its backup. */
async function targetCheck(
  target: Connection | string,
  sample: readonly SampledKey[],
  signal: AbortSignal,
): Promise<DrillCheck> {
  const name = 'beside the target today';
  if (typeof target === 'string') return { name, verdict: 'not_done', detail: target };
  try {
    if (sample.length === 0) return await emptyCheck(name, target, signal);
    let there = 0;
    for (const { database, key } of sample) {
      // Neither counts as a lookup.
      const [selected, usage] = await target.pipeline(
        [
          ['SELECT', database],
          ['MEMORY', 'USAGE', key],
        ],
        signal,
      );
      if (selected?.error !== undefined) throw selected.error;
      if (usage?.error !== undefined) throw usage.error;
      if (typeof usage?.reply === 'number') there += 1;
    }
    const detail = `${there} of ${sample.length} sampled keys are on the target now, which moved on since; this makes it plausible and proves nothing`;
    return there > 0
      ? { name, verdict: 'passed', detail }
      : {
          name,
          verdict: 'not_done',
          detail: `none of ${sample.length} sampled keys is on the target now: is this a backup of that server?`,
        };
  } catch (thrown) {
    signal.throwIfAborted();
    return { name, verdict: 'not_done', detail: `the target could not be asked: ${messageOf(thrown)}` };
  }
}

/** An empty backup restores well and is of no use, unless there is nothing to back up. */
async function emptyCheck(name: string, target: Connection, signal: AbortSignal): Promise<DrillCheck> {
  const [info] = await target.pipeline([['INFO', 'keyspace']], signal);
  if (info?.error !== undefined || info === undefined)
    return { name, verdict: 'not_done', detail: 'the target does not say how many keys it holds' };
  const keys = databasesOf(parseInfo(String(info.reply))).reduce((sum, each) => sum + each.keys, 0);
  return keys === 0
    ? { name, verdict: 'passed', detail: 'the backup holds no key, and neither does the target now' }
    : {
        name,
        verdict: 'failed',
        detail: `the backup holds no key, and the target holds ${keys} now: what is backed up?`,
      };
}
