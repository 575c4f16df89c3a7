import type { Operations } from '../core/remediation/operations.ts';
import type { Parts } from './parts.ts';
import type { Pipeline } from './pipeline.ts';
import type { RemediationSchedule } from './remediation-input.ts';
import { claimRun } from './triggers.ts';

/** What pipelines begin by the clock: on every target, each tick once however many agents run. */
export function remediationSchedules(parts: Parts): readonly RemediationSchedule[] {
  return parts.input.pipelines.flatMap((pipeline) => {
    const { schedule } = pipeline;
    if (schedule === undefined) return [];
    const { name, cron } = schedule;
    return [{ name, cron: cron(parts.input.policy()), run: (tick) => review(parts, pipeline, name, tick) }];
  });
}

/** Targets whose engine has nothing to offer are left out. */
async function review(parts: Parts, pipeline: Pipeline, name: string, tick: string): Promise<void> {
  for (const site of parts.input.targets()) {
    const operations = await parts.input.operationsOf(site.target.id);
    if (operations === undefined || !hasSomething(operations, pipeline)) continue;
    // The shard that watches it drills it.
    if (pipeline.process === 'drill' && site.isGuest === true) continue;
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
}

/** An action of the pipeline, or, of drills, backups that can be restored. */
function hasSomething({ actions, backups }: Operations, { id, process }: Pipeline): boolean {
  return process === 'drill'
    ? backups?.drill !== undefined && backups.chains.length > 0
    : actions.some(({ pipeline }) => pipeline === id);
}
