import type { Breach } from '../core/judgement.ts';
import { holdingStates, openStates, type Run } from '../core/remediation/run.ts';
import { tendDrills } from './drill/tend-drills.ts';
import { expireRuns } from './expiry.ts';
import { moveRun } from './journal.ts';
import { type Parts, type ProcessName, processes } from './parts.ts';
import { textOf } from './points.ts';
import { modeFor, siteOf } from './situation.ts';
import { claimBreach, claimRun, firstProcessOf, processesOf, startProcess } from './triggers.ts';

const tendLease = 'tend';
const tendMs = 60_000;
/** Somebody may be about to start its process. */
const freshMs = 5_000;
const custodianEveryMs = 3_600_000;

/** What is remembered between two rounds. */
export interface TendMemory {
  custodianAt: number | undefined;
}

/** One round of looking after what was left. One agent at a time; also finds out whether the store takes writes again. */
export async function tendRuns(parts: Parts, memory: TendMemory, signal: AbortSignal): Promise<void> {
  const { input, records } = parts;
  const lease = await records.takeLease(tendLease, input.holder, input.clock.now(), tendMs);
  if (lease === undefined) return;
  try {
    await expireRuns(parts);
    await claimOpenBreaches(parts);
    await restartLost(parts);
    await tendDrills(parts, signal);
    const now = input.clock.now();
    if (memory.custodianAt === undefined || now - memory.custodianAt >= custodianEveryMs) {
      memory.custodianAt = now;
      await lookForLeftovers(parts, signal);
    }
  } finally {
    await records.releaseLease(lease);
  }
}

/** Breaches that opened while no agent was there to see it, or while the store refused. */
async function claimOpenBreaches(parts: Parts): Promise<void> {
  const open: readonly Breach[] = parts.input.breaches({ open: true });
  for (const breach of open) await claimBreach(parts, breach);
}

/** Open runs that nothing works on: their agent died between two writes, or their process gave up. */
async function restartLost(parts: Parts): Promise<void> {
  const { input, records } = parts;
  const runs = await records.runs({ states: ['preparing', ...holdingStates] });
  const now = input.clock.now();
  for (const run of runs) {
    const age = now - run.updatedAt;
    // One of the future is of before the clock was set back.
    if ((age >= 0 && age < freshMs) || (await processesOf(parts, run.id)).length > 0) continue;
    // Only one agent gets to change it, and the process has a new name.
    const taken = await moveRun(parts, run.id, [run.state], {});
    if (taken === undefined) continue;
    await startProcess(parts, processFor(parts, run), taken);
    input.log.warn('run taken up again', { run: run.id, target: run.target, state: run.state });
  }
}

function processFor(parts: Parts, run: Run): ProcessName {
  return run.state === 'preparing' ? firstProcessOf(parts, run) : processes.execute;
}

/** What an interruption left half done in a database, by whomever: a run of its own for each. */
async function lookForLeftovers(parts: Parts, signal: AbortSignal): Promise<void> {
  for (const pipeline of parts.input.pipelines)
    for (const { target } of parts.input.targets())
      try {
        await lookForLeftoversOn(parts, pipeline.id, target.id, signal);
      } catch (error) {
        parts.input.log.warn('custodian could not look', {
          target: target.id,
          pipeline: pipeline.id,
          error: textOf(parts, error),
        });
      }
}

async function lookForLeftoversOn(
  parts: Parts,
  pipelineId: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const { input, records } = parts;
  const pipeline = input.pipelines.find(({ id }) => id === pipelineId);
  const site = siteOf(input.targets(), target);
  if (pipeline === undefined || site === undefined || pipeline.custodian.length === 0) return;
  const operations = await input.operationsOf(target);
  const actions = operations?.actions.filter(({ id }) => pipeline.custodian.includes(id)) ?? [];
  const day = new Date(input.clock.now()).toISOString().slice(0, 10);
  for (const action of actions) {
    const probe = { pipeline: pipeline.id, trigger: { kind: 'custodian', key: '', text: '' } } as const;
    if (modeFor(site, probe, action.id) === 'observe') continue;
    const context = { signal, runId: 'custodian', evidence: () => undefined };
    const request = { subject: undefined, only: undefined, limit: pipeline.candidateLimit };
    for (const { subject, title } of await action.find(request, context)) {
      const others = await records.runs({ target, states: openStates });
      if (others.some((run) => run.subject === subject)) continue;
      await claimRun(parts, {
        pipeline,
        site,
        trigger: {
          kind: 'custodian',
          key: `custodian:${target}/${action.id}/${subject}:${day}`,
          text: `found half done: ${title}`,
          only: { action: action.id, subject },
        },
      });
    }
  }
}
