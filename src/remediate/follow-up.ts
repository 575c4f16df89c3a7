import { loadRun } from './loaded-run.ts';
import type { Parts } from './parts.ts';
import { claimRun } from './triggers.ts';

/** Prepares the second of two actions, such as the drop of an index that was hidden; it needs an approval of its own. */
export async function followUpStep(parts: Parts, id: string): Promise<null> {
  const loaded = await loadRun(parts, id, 'changelog', ['soaking']);
  if (loaded === undefined || 'id' in loaded) return null;
  const { run, plan, workplace } = loaded;
  const { followUp } = workplace.action;
  const pipeline = parts.input.pipelines.find((each) => each.id === run.pipeline);
  if (followUp === undefined || pipeline === undefined) return null;
  await claimRun(parts, {
    pipeline,
    site: workplace.site,
    requestedBy: run.requestedBy,
    trigger: {
      kind: 'follow_up',
      key: `follow_up:${id}:${plan.hash.slice(0, 12)}/${followUp}/${plan.subject}`,
      text: `after ${plan.action} by run ${id}`,
      only: { action: followUp, subject: plan.subject },
      ...(run.trigger.breach === undefined ? {} : { breach: run.trigger.breach }),
    },
  });
  return null;
}
