import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type JsonObject, messageOf, type OperationContext, sessionName } from '../../../src/sdk.ts';
import type { Connection } from '../connection.ts';
import { familyOf } from './key-family.ts';
import { type Member, openActing, type RedisOperationsInput, readInfo } from './place.ts';

/** Which keys are missed, by family. */
export interface MissSample {
  readonly misses: number;
  readonly seconds: number;
  readonly families: readonly { readonly family: string; readonly misses: number }[];
}

const setting = 'notify-keyspace-events';
const channel = '__keyevent@*__:keymiss';
/** Events of this kind, by key. */
const wantedFlags = ['E', 'm'] as const;
const mostMisses = 20_000;
/** More would cost the server too much. */
const mostPerSecond = 2_000;
const mostFamilies = 20;
const restoreMs = 5_000;

/** What was changed for a while; on disk before it is changed, so that whoever comes after a crash puts it back. */
const note = z.strictObject({ old: z.string(), set: z.string() });

/**
 * Listens to missed keys for a while. The setting is put back afterwards, also after a crash: see `restoreMissEvents`. A text says why
 * nothing was heard.
 */
export async function sampleMisses(
  input: RedisOperationsInput,
  primary: Member,
  missesPerSecond: number | undefined,
  { signal, runId }: Pick<OperationContext, 'signal' | 'runId'>,
): Promise<MissSample | string> {
  const { enabled, for: listenMs } = input.options.cache.missSampling;
  if (!enabled)
    return 'unknown: keys that are not there cannot be seen by SCAN; cache.missSampling.enabled lets a run listen to missed keys for a while';
  if (input.credentials === undefined) return 'unknown: cache.missSampling needs remediation.credentials';
  if (missesPerSecond === undefined || missesPerSecond > mostPerSecond)
    return `unknown: ${missesPerSecond === undefined ? 'how many misses there are a second is not known yet' : `${Math.round(missesPerSecond)} misses a second are too many to be listened to`}`;
  const name = sessionName(input.applicationName, runId);
  let connection: Connection | undefined;
  try {
    connection = await openActing(input, primary.address, name, signal);
    const here = (await readInfo(connection, signal)).text('run_id');
    if (here !== primary.info.text('run_id'))
      return 'unknown: remediation.credentials lead to another server';
    await turnOn(input, connection, signal);
    return await listen(input, primary, { name, listenMs, signal });
  } catch (thrown) {
    signal.throwIfAborted();
    return `unknown: ${messageOf(thrown)}`;
  } finally {
    connection?.close();
    await restoreMissEvents(input, primary);
  }
}

/**
 * Puts the setting back that an earlier run left, if it still is what that run set. Cheap when there is nothing to do.
 *
 * @throws {CollectError} when the server does not answer: the note stays, and the next one tries again.
 */
export async function restoreMissEvents(
  input: RedisOperationsInput,
  { address }: Pick<Member, 'address'>,
): Promise<void> {
  const file = noteFile(input);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined || input.credentials === undefined) return;
  const { old, set } = note.parse(JSON.parse(text));
  // Also when the run was cancelled.
  const signal = AbortSignal.timeout(restoreMs);
  const connection = await openActing(input, address, input.applicationName, signal);
  try {
    if (isSame(await flagsOf(connection, signal), set))
      await connection.call(['CONFIG', 'SET', setting, old], signal);
  } finally {
    connection.close();
  }
  await rm(file, { force: true });
}

export function missBody(sample: MissSample | string): JsonObject {
  if (typeof sample === 'string') return { missesByFamily: null, why: sample };
  return {
    missesByFamily: sample.families.map((each) => ({ ...each })),
    misses: sample.misses,
    seconds: sample.seconds,
  };
}

async function turnOn(
  input: RedisOperationsInput,
  connection: Connection,
  signal: AbortSignal,
): Promise<void> {
  const old = await flagsOf(connection, signal);
  const missing = wantedFlags.filter((flag) => !old.includes(flag));
  if (missing.length === 0) return;
  await mkdir(input.scratch, { recursive: true, mode: 0o700 });
  const set = `${old}${missing.join('')}`;
  await writeFile(noteFile(input), JSON.stringify({ old, set }), { mode: 0o600, flush: true });
  await connection.call(['CONFIG', 'SET', setting, set], signal);
}

/** The server gives flags back in an order of its own. */
function isSame(one: string, other: string): boolean {
  const sorted = (flags: string): string =>
    [...new Set(flags)].toSorted((a, b) => a.localeCompare(b)).join('');
  return sorted(one) === sorted(other);
}

async function listen(
  input: RedisOperationsInput,
  primary: Member,
  {
    name,
    listenMs,
    signal,
  }: { readonly name: string; readonly listenMs: number; readonly signal: AbortSignal },
): Promise<MissSample> {
  const counts = new Map<string, number>();
  let misses = 0;
  const ear = await openActing(input, primary.address, name, signal);
  const over = new AbortController();
  const ended = new AbortController();
  const startMs = input.clock.monotonicMs();
  const timer = input.clock
    .sleep(listenMs, AbortSignal.any([signal, ended.signal]))
    .catch(() => undefined)
    .then(() => over.abort());
  try {
    await ear.listen(
      channel,
      (key) => {
        const family = familyOf(key);
        counts.set(family, (counts.get(family) ?? 0) + 1);
        misses += 1;
        return misses >= mostMisses ? 'enough' : 'go on';
      },
      over.signal,
    );
  } finally {
    ear.close();
    ended.abort();
    await timer;
  }
  signal.throwIfAborted();
  const families = [...counts]
    .map(([family, count]) => ({ family, misses: count }))
    .toSorted((one, other) => other.misses - one.misses);
  return {
    misses,
    seconds: (input.clock.monotonicMs() - startMs) / 1_000,
    families: families.slice(0, mostFamilies),
  };
}

async function flagsOf(connection: Connection, signal: AbortSignal): Promise<string> {
  const reply = await connection.call(['CONFIG', 'GET', setting], signal);
  const value: unknown = Array.isArray(reply) ? reply[1] : undefined;
  if (typeof value !== 'string') throw new Error(`CONFIG GET ${setting} gave nothing`);
  return value;
}

function noteFile({ scratch, target }: RedisOperationsInput): string {
  return join(scratch, `redis-miss-events-${Buffer.from(target.id).toString('hex')}.json`);
}
