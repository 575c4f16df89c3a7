import type { CounterReading } from '../core/remediation/verification.ts';
import { keepEvidence } from './evidence.ts';
import { type Look, readLook } from './journaled.ts';
import type { Loaded } from './loaded-run.ts';
import type { Parts } from './parts.ts';
import { saysNothing, textOf } from './points.ts';
import { type CounterSpan, type GuardReading, readGuards } from './verify.ts';

/** How often a target is looked at before a change. */
export const baselineLooks = 6;

/** One look at what a change may make worse. What cannot be read is absent: it is not zero, and no regression. */
export async function takeLook(parts: Parts, loaded: Loaded, signal: AbortSignal): Promise<Look> {
  const { run, plan, workplace } = loaded;
  const { site, action } = workplace;
  const snapshot = parts.input.snapshots.latest().find(({ target }) => target.id === run.target);
  const guards = snapshot === undefined ? undefined : readGuards(snapshot, site.guards, site.metrics);
  let counters: CounterReading | undefined;
  try {
    counters = await action.counters(plan, { signal, runId: run.id, evidence: () => undefined });
  } catch (error) {
    if (saysNothing(error, signal)) throw error;
    parts.input.log.warn('counters not read', {
      run: run.id,
      target: run.target,
      error: textOf(parts, error),
    });
  }
  return {
    ...(guards === undefined ? {} : { guards: { at: guards.at, values: { ...guards.values } } }),
    ...(counters === undefined ? {} : { counters: { ...counters, series: { ...counters.series } } }),
  };
}

/** Keeps a look before the change where it survives the process that took it. */
export async function keepBaseline(parts: Parts, { run, plan }: Loaded, look: Look): Promise<void> {
  await keepEvidence(parts, run.id, {
    kind: 'measurement',
    title: 'before the change',
    body: { plan: plan.hash, look: JSON.stringify(look) },
  });
}

/** The looks before the change, oldest first. */
export async function baselineOf(parts: Parts, { run, plan }: Loaded): Promise<readonly Look[]> {
  const kept = await parts.records.evidence(run.id);
  return kept.flatMap(({ kind, body }) => {
    const text = body['look'];
    return kind === 'measurement' && body['plan'] === plan.hash && typeof text === 'string'
      ? [readLook(text)]
      : [];
  });
}

/** Readings of different snapshots: the same one twice is one. */
export function guardsIn(looks: readonly Look[]): readonly GuardReading[] {
  const byTime = new Map(
    looks.flatMap(({ guards }) => (guards === undefined ? [] : [[guards.at, guards] as const])),
  );
  return [...byTime.values()].toSorted((one, other) => one.at - other.at);
}

/** From the first to the last reading; undefined with fewer than two. */
export function spanOf(looks: readonly Look[]): CounterSpan | undefined {
  const readings = looks.flatMap(({ counters }) => (counters === undefined ? [] : [counters]));
  const first = readings.at(0);
  const last = readings.at(-1);
  return first === undefined || last === undefined || readings.length < 2 ? undefined : [first, last];
}
