import type { Operations } from '../core/remediation/operations.ts';
import type { Parts } from './parts.ts';
import type { Pipeline } from './pipeline.ts';
import type { RemediationSchedule, RemediationTarget } from './remediation-input.ts';
import { claimRun } from './triggers.ts';

/** A tick this long ago was missed. */
const madeUpAfterMs = 10 * 60_000;

/** What pipelines begin by the clock: on every target, each tick once however many agents run. */
export function remediationSchedules(parts: Parts): readonly RemediationSchedule[] {
  return parts.input.pipelines.flatMap((pipeline) => {
    const { schedule } = pipeline;
    if (schedule === undefined) return [];
    const { name, cron } = schedule;
    return [{ name, cron: cron(parts.input.policy()), run: (tick) => review(parts, pipeline, name, tick) }];
  });
}

/** One target that cannot be asked keeps no other waiting; the tick is repeated until all were asked. */
async function review(parts: Parts, pipeline: Pipeline, name: string, tick: string): Promise<void> {
  const faults: unknown[] = [];
  for (const site of parts.input.targets())
    try {
      await reviewOne(parts, { pipeline, site }, name, tick);
    } catch (error) {
      faults.push(error);
    }
  if (faults.length > 0) throw faults[0];
}

/** Targets whose engine has nothing to offer are left out. */
async function reviewOne(
  parts: Parts,
  { pipeline, site }: { readonly pipeline: Pipeline; readonly site: RemediationTarget },
  name: string,
  tick: string,
): Promise<void> {
  const operations = await parts.input.operationsOf(site.target.id);
  if (operations === undefined || !hasSomething(operations, pipeline)) return;
  // The shard that watches it drills it.
  if (pipeline.process === 'drill' && (site.isGuest === true || (await isBeforeFirst(parts, site, tick))))
    return;
  await claimRun(parts, {
    pipeline,
    site,
    trigger: {
      kind: 'schedule',
      key: `schedule:${name}:${tick}/${site.target.id}`,
      text: `${name.replaceAll('_', ' ')} of ${tick.slice(0, 10)}`,
    },
  });
}

/** Whoever starts an agent does not ask for the restore that it would have done days ago: the first drill waits for its tick. */
async function isBeforeFirst(
  { input, records }: Parts,
  { target }: RemediationTarget,
  tick: string,
): Promise<boolean> {
  if (input.clock.now() - Date.parse(tick) < madeUpAfterMs) return false;
  const runs = await records.runs({ target: target.id, pipeline: 'backup', limit: 1 });
  return runs.length === 0;
}

/** An action of the pipeline, or, of drills, backups that can be restored. */
function hasSomething({ actions, backups }: Operations, { id, process }: Pipeline): boolean {
  return process === 'drill'
    ? backups?.drill !== undefined && backups.chains.length > 0
    : actions.some(({ pipeline }) => pipeline === id);
}
