import type { Practice } from '../core/ports/practices.ts';
import type { Run } from '../core/remediation/run.ts';
import { keepEvidence } from './evidence.ts';
import type { Prepared } from './journaled.ts';
import type { Parts } from './parts.ts';

const longestMs = 20_000;
const longestText = 8_000;

/** Looks up what is good practice. What it says is shown as reference and authorises nothing; without it all goes on. */
export async function consult(
  parts: Parts,
  run: Run,
  prepared: Prepared,
  signal: AbortSignal,
): Promise<Prepared> {
  const pipeline = parts.input.pipelines.find(({ id }) => id === run.pipeline);
  const topic = pipeline?.practices[run.action ?? ''] ?? pipeline?.practice;
  if (topic === undefined) return prepared;
  const { server } = parts.input.snapshots.latest().find(({ target }) => target.id === run.target) ?? {};
  const question = { engine: run.engine, version: server?.version, topic };
  const practices = await inTime(parts, signal, (limit) => parts.input.practices.consult(question, limit));
  for (const { source, text, at, stale } of practices)
    await keepEvidence(parts, run.id, {
      kind: 'practice',
      title: `${topic} (${source})`,
      body: {
        source,
        at: new Date(at).toISOString(),
        stale,
        untrusted: true,
        text: text.slice(0, longestText),
      },
    });
  return prepared;
}

/** Its answer, or none when it fails or takes too long: a plan does not depend on it. */
async function inTime(
  { input }: Parts,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<readonly Practice[]>,
): Promise<readonly Practice[]> {
  const stop = new AbortController();
  const limit = AbortSignal.any([signal, stop.signal]);
  const late = input.clock.sleep(longestMs, limit).then(
    () => [],
    () => [],
  );
  try {
    return await Promise.race([ask(limit).catch(() => []), late]);
  } finally {
    stop.abort();
  }
}
