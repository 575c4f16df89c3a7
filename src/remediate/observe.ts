import type { Judgement } from '../core/judgement.ts';
import type { EvidenceDraft } from '../core/remediation/evidence.ts';
import type { JsonObject } from '../core/remediation/json.ts';
import type { Candidate, Operations } from '../core/remediation/operations.ts';
import type { Run } from '../core/remediation/run.ts';
import { keepEvidence, withEvidence } from './evidence.ts';
import { findCandidates } from './find-candidates.ts';
import { endRun, moveRun } from './journal.ts';
import type { Prepared } from './journaled.ts';
import type { Parts } from './parts.ts';
import type { Pipeline } from './pipeline.ts';
import { saysNothing, textOf } from './points.ts';
import type { RemediationTarget } from './remediation-input.ts';
import { modeFor, siteOf } from './situation.ts';
import { claimRun } from './triggers.ts';

/** Keeps what is known of the breach, and asks the engine what could be done about it. */
export async function observe(
  parts: Parts,
  run: Run,
  prepared: Prepared,
  signal: AbortSignal,
): Promise<Prepared | null> {
  const site = siteOf(parts.input.targets(), run.target);
  const pipeline = parts.input.pipelines.find(({ id }) => id === run.pipeline);
  if (site === undefined || pipeline === undefined) {
    await endRun(parts, run.id, 'refused', `target ${run.target} is no longer configured`);
    return null;
  }
  await keepBreach(parts, run);
  const operations = await parts.input.operationsOf(run.target);
  if (operations === undefined) {
    const reason = `nothing is ever changed on ${run.engine}: see the evidence`;
    await endRun(parts, run.id, 'observed', reason);
    return null;
  }
  const { candidates, notes } = await findCandidates(parts, run, pipeline, operations, signal);
  const wanted = candidates.filter(({ action }) => modeFor(site, run, action) !== 'observe');
  const [candidate, ...others] = wanted;
  if (candidate === undefined) {
    await endWithoutCandidate(parts, run, { operations, candidates, notes, signal });
    return null;
  }
  await claimOthers(parts, run, { pipeline, site, others });
  const { action, subject, title } = candidate;
  const reason = [title, ...notes].join('; ');
  const known = await moveRun(parts, run.id, ['preparing'], { action, subject, reason });
  return known === undefined ? null : { ...prepared, candidate };
}

interface WithoutCandidate {
  readonly operations: Operations;
  readonly candidates: readonly Candidate[];
  readonly notes: readonly string[];
  readonly signal: AbortSignal;
}

/** Evidence only: the mode allows no more, or the engine advises, or there is nothing. */
async function endWithoutCandidate(
  parts: Parts,
  run: Run,
  { operations, candidates, notes, signal }: WithoutCandidate,
): Promise<void> {
  const { advice, fault } = await adviceOf(parts, run, operations, signal);
  const all = fault === undefined ? notes : [...notes, fault];
  const rest = all.length === 0 ? '' : ` (${all.join('; ')})`;
  const advised = advice.map(({ title }) => title);
  if (candidates.length > 0) {
    await keepEvidence(parts, run.id, {
      kind: 'catalogue',
      title: `what could be done: ${candidates.length}`,
      body: { candidates: candidates.map((each) => ({ ...each })) },
    });
    const titles = [...candidates.map(({ title }) => title), ...advised].join('; ');
    const reason = `mode observe: ${titles}${rest}; set remediation.mode to propose for a plan`;
    await endRun(parts, run.id, 'observed', reason);
    return;
  }
  // What nobody could look at is not nothing.
  if (fault !== undefined) throw new Error(all.join('; '));
  if (advice.length === 0) await endRun(parts, run.id, 'nothing_to_do', `nothing to do was found${rest}`);
  else await endRun(parts, run.id, 'observed', `${advised.join('; ')}${rest}`);
}

interface Advice {
  readonly advice: readonly EvidenceDraft[];
  /** Why there is none. */
  readonly fault: string | undefined;
}

/** What a person could do, kept as evidence. */
export async function adviceOf(
  parts: Parts,
  run: Run,
  operations: Operations,
  signal: AbortSignal,
): Promise<Advice> {
  try {
    const advice = await withEvidence(
      parts,
      run.id,
      signal,
      async (context) => (await operations.advise?.(run.pipeline, context)) ?? [],
    );
    for (const each of advice) await keepEvidence(parts, run.id, each);
    return { advice, fault: undefined };
  } catch (error) {
    if (saysNothing(error, signal)) throw error;
    return { advice: [], fault: `no advice: ${textOf(parts, error)}` };
  }
}

/** One run has one plan: what else was found becomes runs of their own, claimed by this one's trigger. */
async function claimOthers(
  parts: Parts,
  run: Run,
  found: {
    readonly pipeline: Pipeline;
    readonly site: RemediationTarget;
    readonly others: readonly Candidate[];
  },
): Promise<void> {
  const { pipeline, site, others } = found;
  for (const { action, subject } of others)
    await claimRun(parts, {
      pipeline,
      site,
      requestedBy: run.requestedBy,
      trigger: {
        ...run.trigger,
        key: `${run.trigger.key}/${action}/${subject}`,
        only: { action, subject },
      },
    });
}

async function keepBreach(parts: Parts, run: Run): Promise<void> {
  const fingerprint = run.trigger.breach;
  const [breach] = fingerprint === undefined ? [] : parts.input.breaches({ fingerprint });
  const judged = parts.input.judgements().filter(({ target }) => target === run.target);
  if (breach !== undefined)
    await keepEvidence(parts, run.id, {
      kind: 'breach',
      title: run.trigger.text,
      body: {
        fingerprint: breach.fingerprint,
        objective: breach.objective,
        subject: breach.subject,
        since: new Date(breach.since).toISOString(),
        bound: breach.bound ?? null,
        value: breach.value ?? null,
        worst: breach.worst ?? null,
        severity: breach.severity,
        open: breach.closedAt === undefined,
      },
    });
  if (judged.length > 0)
    await keepEvidence(parts, run.id, {
      kind: 'measurement',
      title: `objectives of ${run.target} before`,
      body: { objectives: judged.slice(0, 100).map(shownJudgement) },
    });
}

function shownJudgement({ objective, subject, state, value, reason }: Judgement): JsonObject {
  return { objective, subject, state, value: value ?? null, reason: reason ?? null };
}
