import type { Breach } from '../core/judgement.ts';
import type { Run, RunTrigger } from '../core/remediation/run.ts';
import { auditOf, moveRun, reeve } from './journal.ts';
import { type Parts, type ProcessName, processes } from './parts.ts';
import type { Pipeline } from './pipeline.ts';
import { sha256 } from './plan-hash.ts';
import type { RemediationTarget } from './remediation-input.ts';

export interface Claim {
  readonly pipeline: Pipeline;
  readonly site: RemediationTarget;
  readonly trigger: RunTrigger;
  readonly requestedBy?: string;
}

/** Begins a run, unless one was begun for this trigger: then undefined. */
export async function claimRun(parts: Parts, claim: Claim): Promise<Run | undefined> {
  const { input, records } = parts;
  const run = newRun(claim, input.clock.now());
  if (!(await records.claim(run))) return undefined;
  await records.appendAudit(
    auditOf(parts, run, {
      actor: run.requestedBy,
      event: 'run_started',
      outcome: `${run.pipeline}: ${run.trigger.text}`,
      detail: { trigger: run.trigger.kind, key: run.trigger.key },
    }),
  );
  input.log.info('run started', {
    run: run.id,
    target: run.target,
    pipeline: run.pipeline,
    trigger: run.trigger.kind,
  });
  await startProcess(parts, firstProcessOf(parts, run), run);
  return run;
}

/** By the trigger's key, so that the same trigger is the same run on every agent. */
export function runIdOf(key: string): string {
  return `r-${sha256(key).slice(0, 12)}`;
}

function newRun({ pipeline, site, trigger, requestedBy = reeve }: Claim, now: number): Run {
  return {
    id: runIdOf(trigger.key),
    pipeline: pipeline.id,
    target: site.target.id,
    engine: site.target.engine,
    trigger,
    requestedBy,
    state: 'preparing',
    reason: 'begins',
    step: 'observe',
    action: trigger.only?.action === '' ? undefined : trigger.only?.action,
    subject: trigger.only?.subject,
    planHash: undefined,
    createdAt: now,
    updatedAt: now,
    since: now,
    revision: 0,
    retries: 0,
  };
}

/** What works on a run from its begin. */
export function firstProcessOf({ input }: Parts, { pipeline }: Pick<Run, 'pipeline'>): ProcessName {
  return input.pipelines.find(({ id }) => id === pipeline)?.process ?? processes.prepare;
}

/** The revision makes it another process after each restart, and the same one when it is started twice. */
export async function startProcess(
  { input }: Parts,
  name: ProcessName,
  run: Pick<Run, 'id' | 'revision'>,
): Promise<void> {
  await input.engine.start(name, `${name}:${run.id}:${run.revision}`, { run: run.id });
}

/** Ids of the unfinished processes of a run. */
export async function processesOf({ input }: Parts, run: string): Promise<readonly string[]> {
  const all = await input.engine.list();
  return all.map(({ id }) => id).filter((id) => runOfProcess(id) === run);
}

function runOfProcess(id: string): string | undefined {
  return id.split(':')[1];
}

/** Ends what works on a run; a step that runs is told. */
export async function stopProcesses(parts: Parts, run: string): Promise<void> {
  for (const id of await processesOf(parts, run)) await parts.input.engine.cancel(id);
}

/**
 * Agents that watch the same target open the same breach each for itself, at most this long apart and under fingerprints of their own. A
 * breach that comes back within this time of its run gets no second one either.
 */
const sameBreachMs = 10 * 60_000;
/** Longer than a look and a claim take. */
const claimLeaseMs = 30_000;

/** A breach starts the pipeline of its objective, once, however many agents see it. */
export async function claimBreach(parts: Parts, breach: Breach): Promise<Run | undefined> {
  const { input, records } = parts;
  const { target, objective, subject } = breach;
  const pipeline = input.pipelines.find(({ objectives }) => objectives.includes(objective));
  const site = input.targets().find((each) => each.target.id === target);
  if (pipeline === undefined || pipeline.isBrought === true) return undefined;
  if (site === undefined || breach.closedAt !== undefined) return undefined;
  const text = `${objective}${subject === '' ? '' : ` of ${subject}`} is breached`;
  const isClaimed = async (): Promise<boolean> => {
    const runs = await records.runs({ target, pipeline: pipeline.id });
    return runs.some(
      ({ trigger, createdAt }) =>
        trigger.kind === 'breach' && trigger.text === text && createdAt >= breach.openedAt - sameBreachMs,
    );
  };
  // Open breaches are met again and again; only the one that begins something costs writes.
  if (await isClaimed()) return undefined;
  const name = `breach:${target}/${objective}/${subject}`;
  const lease = await records.takeLease(name, input.holder, input.clock.now(), claimLeaseMs);
  // Whoever has it claims now; should it die of that, the open breach is met again when runs are tended.
  if (lease === undefined) return undefined;
  try {
    if (await isClaimed()) return undefined;
    const { fingerprint } = breach;
    const trigger = { kind: 'breach', key: `breach:${fingerprint}`, text, breach: fingerprint } as const;
    return await claimRun(parts, { pipeline, site, trigger });
  } finally {
    await records.releaseLease(lease);
  }
}

/** A plan goes on waiting when the breach behind it ends; whoever decides is told. */
export async function noteClosedBreach(parts: Parts, breach: Breach): Promise<void> {
  const waiting = await parts.records.runs({ breach: breach.fingerprint, states: ['waiting'] });
  const at = new Date(breach.closedAt ?? parts.input.clock.now()).toISOString();
  for (const { id } of waiting)
    await moveRun(parts, id, ['waiting'], ({ reason }) => ({
      reason: `${reason}; its breach closed at ${at} (${breach.closeReason ?? 'recovered'}): decide whether it is still wanted`,
    }));
}
