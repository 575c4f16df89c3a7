/** What people ask of runs, and of remediation as a whole, beside decisions. */

import type { ControlAnswer, StartRequest } from '../core/remediation/control.ts';
import { isOpen, type Run } from '../core/remediation/run.ts';
import { auditOf, moveRun } from './journal.ts';
import { type Parts, processes } from './parts.ts';
import { textOf } from './points.ts';
import { answered, refuse } from './refuse.ts';
import { siteOf } from './situation.ts';
import { beginTakeBack, canBeTakenBack, type TakeBackCause } from './take-back.ts';
import { claimRun, firstProcessOf, startProcess, stopProcesses } from './triggers.ts';

/** Of what a person brings, as JSON: it is kept with the run. */
const mostRequestBytes = 1024 * 1024;

const beforeActs = ['preparing', 'waiting', 'approved'] as const;

export function cancel(parts: Parts, id: string, by: string, undo: boolean): Promise<ControlAnswer> {
  return answered(parts, 'cancel', async () => {
    const run = await parts.records.run(id);
    if (run === undefined)
      return refuse(parts, { what: 'cancel', by, id }, 'not_found', `there is no run ${id}`);
    const asked = { what: 'cancel', by, run };
    if (!isOpen(run.state) && !(undo && canBeTakenBack(run)))
      return refuse(parts, asked, 'conflict', `run ${id} has ended already: it is ${run.state}`);
    const later = await laterMigration(parts, run);
    if (later !== undefined)
      return refuse(
        parts,
        asked,
        'conflict',
        `run ${later} migrated ${run.target} after it: take that back first (reeve runs cancel ${later} --undo)`,
      );
    const reason = `cancelled by ${by}; nothing was changed`;
    const note = { actor: by, event: 'cancelled', outcome: reason } as const;
    const cancelled = await moveRun(parts, id, beforeActs, { state: 'cancelled', reason }, note);
    if (cancelled !== undefined) {
      await stopProcesses(parts, id);
      return { ok: true, run: cancelled, text: `run ${id} is cancelled: nothing was changed` };
    }
    if (!undo)
      return refuse(
        parts,
        asked,
        'refused',
        `run ${id} is ${run.state}: its change may be in force already; take it back with reeve runs cancel ${id} --undo`,
      );
    const taken = await takeBack(parts, run, by, 'person', `${by} asked for it`);
    return taken === undefined
      ? refuse(parts, asked, 'conflict', `run ${id} ended meanwhile`)
      : { ok: true, run: taken, text: `run ${id} is taken back: reeve runs show ${id}` };
  });
}

/** The last migration that stands after this one did: they are taken back in reverse. */
async function laterMigration({ records }: Parts, run: Run): Promise<string | undefined> {
  if (run.pipeline !== 'migration' || beforeActs.some((state) => state === run.state)) return undefined;
  const states = ['executing', 'soaking', 'half_applied', 'kept', 'inconclusive'] as const;
  const standing = await records.runs({ target: run.target, pipeline: 'migration', states });
  const later = standing.filter(({ createdAt }) => createdAt > run.createdAt);
  return later.toSorted((one, other) => other.createdAt - one.createdAt)[0]?.id;
}

async function takeBack(
  parts: Parts,
  run: Run,
  by: string,
  cause: TakeBackCause,
  text: string,
): Promise<Run | undefined> {
  const begun = await beginTakeBack(parts, run.id, cause, text);
  if (begun === undefined) return undefined;
  const outcome = `taking it back: ${text}`;
  await parts.records.appendAudit(auditOf(parts, begun, { actor: by, event: 'cancelled', outcome }));
  await stopProcesses(parts, run.id);
  await startProcess(parts, processes.execute, begun);
  return begun;
}

export function retry(parts: Parts, id: string, by: string): Promise<ControlAnswer> {
  return answered(parts, 'retry', async () => {
    const run = await parts.records.run(id);
    if (run === undefined)
      return refuse(parts, { what: 'retry', by, id }, 'not_found', `there is no run ${id}`);
    const asked = { what: 'retry', by, run };
    if (run.state === 'half_applied') return reconcile(parts, run, by);
    if (isOpen(run.state) || run.state === 'kept')
      return refuse(parts, asked, 'conflict', `run ${id} is ${run.state}: there is nothing to try again`);
    const again = await moveRun(
      parts,
      id,
      [run.state],
      {
        state: 'preparing',
        step: 'observe',
        reason: `${by} asked to try again`,
        planHash: undefined,
        retries: run.retries + 1,
        // Who asks for the new plan may be the one who must not approve it.
        requestedBy: by,
      },
      { actor: by, event: 'retried', outcome: `from ${run.state}` },
    );
    if (again === undefined) return refuse(parts, asked, 'conflict', `run ${id} changed meanwhile`);
    await startProcess(parts, firstProcessOf(parts, again), again);
    return { ok: true, run: again, text: `run ${id} begins again, with a new plan` };
  });
}

/** At once, instead of at the end of a pause that has grown. */
async function reconcile(parts: Parts, run: Run, by: string): Promise<ControlAnswer> {
  const note = { actor: by, event: 'retried', outcome: 'half done: looked at at once' } as const;
  const again = await moveRun(parts, run.id, ['half_applied'], {}, note);
  if (again === undefined)
    return refuse(parts, { what: 'retry', by, run }, 'conflict', `run ${run.id} changed meanwhile`);
  await stopProcesses(parts, run.id);
  await startProcess(parts, processes.execute, again);
  return { ok: true, run: again, text: `run ${run.id} is looked at now: reeve runs show ${run.id}` };
}

export function start(parts: Parts, request: StartRequest): Promise<ControlAnswer> {
  return answered(parts, 'start', async () => {
    const { by, target, subject, request: brought } = request;
    const pipeline = parts.input.pipelines.find(({ id }) => id === request.pipeline);
    const site = siteOf(parts.input.targets(), target);
    const asked = { what: 'start', by, id: `${request.pipeline} on ${target}` };
    if (pipeline === undefined)
      return refuse(parts, asked, 'not_found', `pipeline ${request.pipeline} is not built yet`);
    if (site === undefined) return refuse(parts, asked, 'not_found', `there is no target ${target}`);
    if (brought !== undefined && Buffer.byteLength(JSON.stringify(brought)) > mostRequestBytes)
      return refuse(
        parts,
        asked,
        'refused',
        `what was brought is more than 1 MiB: bring fewer or smaller files`,
      );
    const unique = `${parts.input.clock.now()}:${parts.input.random().toString(36).slice(2)}`;
    const run = await claimRun(parts, {
      pipeline,
      site,
      requestedBy: by,
      trigger: {
        kind: 'person',
        key: `person:${by}:${unique}`,
        text: `${by} asked for it`,
        ...(subject === undefined ? {} : { only: { action: '', subject } }),
        ...(brought === undefined ? {} : { request: brought }),
      },
    });
    return run === undefined
      ? refuse(parts, asked, 'conflict', 'it was asked for at the same time: try again')
      : { ok: true, run, text: `run ${run.id} prepares: reeve runs show ${run.id}` };
  });
}

export function pause(parts: Parts, by: string, reason: string, abort: boolean): Promise<ControlAnswer> {
  return answered(parts, 'pause', async () => {
    const said = parts.input.redact(reason).slice(0, 500);
    const outcome = `${said === '' ? 'no reason given' : said}${abort ? '; acts that run are interrupted' : ''}`;
    await parts.records.setPaused(
      { by, at: parts.input.clock.now(), reason: said },
      auditOf(parts, undefined, { actor: by, event: 'paused', outcome }),
    );
    const { stopped, missed } = abort ? await interrupt(parts, by) : nobody;
    const text = stopped === 0 ? '' : `; ${stopped} runs that were acting are taken back`;
    const paused = `paused: nothing new is done, taking back stays allowed${text}`;
    if (missed.length === 0) return { ok: true, text: paused };
    return {
      ok: false,
      code: 'unavailable',
      text: `${paused}; ${missed.join(', ')} could not be interrupted and may still act: ask again`,
    };
  });
}

interface Interrupted {
  readonly stopped: number;
  /** Ids of those that go on. */
  readonly missed: readonly string[];
}

const nobody: Interrupted = { stopped: 0, missed: [] };

/** What is being changed right now stops, and is taken back. A change that is only watched stays. One that cannot be stopped saves no other. */
async function interrupt(parts: Parts, by: string): Promise<Interrupted> {
  const runs = await parts.records.runs({ states: ['executing', 'half_applied'] });
  const changing = runs.filter(({ step }) => step !== 'undo');
  const missed: string[] = [];
  for (const run of changing)
    try {
      await takeBack(parts, run, by, 'abort', `${by} paused with --abort`);
    } catch (error) {
      missed.push(run.id);
      parts.input.log.error('run not interrupted', { run: run.id, error: textOf(parts, error) });
    }
  return { stopped: changing.length - missed.length, missed };
}

export function resume(parts: Parts, by: string): Promise<ControlAnswer> {
  return answered(parts, 'resume', async () => {
    if ((await parts.records.paused()) === undefined) return { ok: true, text: 'it was not paused' };
    const note = { actor: by, event: 'resumed', outcome: 'changes are possible again' } as const;
    await parts.records.setPaused(undefined, auditOf(parts, undefined, note));
    return { ok: true, text: 'resumed: runs that waited go on by themselves' };
  });
}

export function enable(parts: Parts, target: string, action: string, by: string): Promise<ControlAnswer> {
  return answered(parts, 'enable', async () => {
    const draft = auditOf(
      parts,
      { id: '', target, planHash: undefined },
      { actor: by, event: 'action_enabled', outcome: `${action} may be tried again on ${target}` },
    );
    const isEnabled = await parts.records.enableAction(target, action, { ...draft, runId: null });
    return isEnabled
      ? { ok: true, text: `${action} may be tried again on ${target}` }
      : refuse(
          parts,
          { what: 'enable', by, id: `${action} on ${target}` },
          'not_found',
          `${action} is not disabled on ${target}`,
        );
  });
}
