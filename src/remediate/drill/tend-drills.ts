import { isOpen, type Run } from '../../core/remediation/run.ts';
import { holdLease } from '../lease-hold.ts';
import type { Parts } from '../parts.ts';
import type { Pipeline } from '../pipeline.ts';
import { saysNothing, textOf } from '../points.ts';
import { siteOf } from '../situation.ts';
import { claimRun, runIdOf } from '../triggers.ts';
import { discardRestored } from './discard.ts';
import { drillLease } from './drill-lease.ts';
import { scratchRootsOf } from './scratch-roots.ts';

const hour = 3_600_000;
/** So many are looked at for a folder elsewhere. */
const latestDrills = 5;
/** How long after a failed drill of the schedule the next try begins; after the last, the next tick of the schedule. */
const retryAfterMs = [6 * hour, 24 * hour] as const;
/** A retry that was due for longer is not made up: the schedule has ticked since. */
const madeUpWithinMs = 7 * 24 * hour;

/** Wipes what drills left here that nobody works on any more, and tries failed ones of the schedule again. */
export async function tendDrills(parts: Parts, signal: AbortSignal): Promise<void> {
  try {
    await discardLeft(parts, signal);
  } catch (error) {
    if (saysNothing(error, signal)) throw error;
    parts.input.log.warn('scratch could not be looked at', {
      folder: parts.input.policy().scratch,
      error: textOf(parts, error),
    });
  }
  for (const pipeline of parts.input.pipelines)
    if (pipeline.process === 'drill') await retryFailed(parts, pipeline);
}

/** Folders of runs that are not of this store belong to somebody else. */
async function discardLeft(parts: Parts, signal: AbortSignal): Promise<void> {
  const { holder, log } = parts.input;
  const names = await leftNames(parts);
  if (names.length === 0) return;
  // While a drill restores here, nobody else touches a folder.
  await holdLease(parts, { name: drillLease(holder), what: 'the drill', signal }, async () => {
    for (const name of names) {
      const run = await parts.records.run(name);
      if (run === undefined || isOpen(run.state) || !isDrill(parts, run)) continue;
      try {
        await discardRestored(parts, run);
        log.info('what a drill left was discarded', { run: name, target: run.target });
      } catch (error) {
        log.warn('what a drill left is not discarded yet', {
          run: name,
          target: run.target,
          error: textOf(parts, error),
        });
      }
    }
  });
}

/** Names of folders in the scratch that is in force, and in those that were when the latest drills ran. */
async function leftNames(parts: Parts): Promise<readonly string[]> {
  const { scratch, policy } = parts.input;
  const names = new Set(
    (await scratch.names(policy().scratch)).filter((name) => /^r-[0-9a-f]{12}$/.test(name)),
  );
  for (const { id } of await parts.records.runs({ pipeline: 'backup', limit: latestDrills }))
    for (const root of await scratchRootsOf(parts, id))
      if ((await scratch.find(root, id)) !== undefined) names.add(id);
  return [...names];
}

function isDrill({ input }: Parts, { pipeline }: Run): boolean {
  return input.pipelines.find(({ id }) => id === pipeline)?.process === 'drill';
}

async function retryFailed(parts: Parts, pipeline: Pipeline): Promise<void> {
  const { records, input } = parts;
  const now = input.clock.now();
  for (const run of await records.runs({ pipeline: pipeline.id, states: ['failed'], limit: 200 })) {
    const site = siteOf(input.targets(), run.target);
    const { base, nth } = partsOfKey(run.trigger.key);
    const afterMs = retryAfterMs[nth];
    if (run.trigger.kind !== 'schedule' || site === undefined || afterMs === undefined) continue;
    const late = now - (run.since + afterMs);
    const key = `${base}/retry-${nth + 1}`;
    // Most have theirs already: that costs reads only.
    if (late < 0 || late > madeUpWithinMs || (await records.run(runIdOf(key))) !== undefined) continue;
    if (await isSettled(parts, run)) continue;
    const text = `${run.trigger.text.replace(/, again.*$/, '')}, again after run ${run.id} failed`;
    await claimRun(parts, { pipeline, site, trigger: { kind: 'schedule', key, text } });
  }
}

/** Another drill of this target was begun since, and succeeded or is under way. */
async function isSettled({ records }: Parts, { target, pipeline, since }: Run): Promise<boolean> {
  const later = await records.runs({ target, pipeline });
  return later.some(
    ({ createdAt, state, since: at }) =>
      (createdAt >= since || at >= since) && (state === 'verified' || isOpen(state)),
  );
}

function partsOfKey(key: string): { readonly base: string; readonly nth: number } {
  const found = /^(.*)\/retry-(\d+)$/.exec(key);
  return found === null ? { base: key, nth: 0 } : { base: found[1] ?? key, nth: Number(found[2]) };
}
