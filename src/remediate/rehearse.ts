import type { Action, RehearsalContext } from '../core/remediation/operations.ts';
import type { PlanDraft, Rehearsal } from '../core/remediation/plan.ts';
import type { Run } from '../core/remediation/run.ts';
import { keepEvidence, withEvidence } from './evidence.ts';
import { endRun } from './journal.ts';
import type { Prepared } from './journaled.ts';
import type { Parts } from './parts.ts';
import { siteOf } from './situation.ts';
import { runTest } from './test-command.ts';

/** Does it on the rehearsal target first, or simulates what cannot be rehearsed at all. What cannot be rehearsed for want of a target can be proposed, never executed. */
export async function rehearse(
  parts: Parts,
  run: Run,
  prepared: Prepared,
  signal: AbortSignal,
): Promise<Prepared | null> {
  const { draft } = prepared;
  const site = siteOf(parts.input.targets(), run.target);
  if (draft === undefined || site === undefined) {
    await endRun(parts, run.id, 'refused', `target ${run.target} is no longer configured`);
    return null;
  }
  const place = await placeOf(parts, run, draft);
  const rehearsal = 'verdict' in place ? place : await rehearseThere(parts, run, { ...place, draft, signal });
  await keepEvidence(parts, run.id, {
    kind: 'rehearsal',
    title: `rehearsal ${rehearsal.verdict}${rehearsal.on === '' ? '' : ` on ${rehearsal.on}`}`,
    body: { ...rehearsal, rows: { ...rehearsal.rows } },
  });
  if (rehearsal.verdict === 'failed') {
    await endRun(parts, run.id, 'refused', `the rehearsal failed: ${rehearsal.text}`, { guard: 'rehearsed' });
    return null;
  }
  return { ...prepared, rehearsal };
}

interface Place {
  /** Empty for a simulation. */
  readonly on: string;
  readonly action: Action;
  readonly testCommand: readonly string[] | undefined;
}

/** Where it is rehearsed; otherwise what there is to say instead. */
async function placeOf({ input }: Parts, run: Run, draft: PlanDraft): Promise<Place | Rehearsal> {
  const site = siteOf(input.targets(), run.target);
  const own = (await input.operationsOf(run.target))?.actions.find(({ id }) => id === draft.action);
  if (own?.rehearsal === 'impossible') return { on: '', action: own, testCommand: undefined };
  const on = site?.remediation.rehearsal;
  if (on === undefined)
    return notPossible('no remediation.rehearsal is configured: it can be proposed and never executed');
  if (on === run.target) return notPossible('remediation.rehearsal names the target itself');
  const operations = siteOf(input.targets(), on) === undefined ? undefined : await input.operationsOf(on);
  const action = operations?.actions.find(({ id }) => id === draft.action);
  if (action === undefined)
    return notPossible(
      `the rehearsal target ${on} does not offer ${draft.action}: is it the same engine, and configured?`,
    );
  return { on, action, testCommand: site?.remediation.testCommand };
}

function notPossible(text: string): Rehearsal {
  return { on: '', verdict: 'not_possible', text, rows: {}, figures: {} };
}

/** The user's test runs while the change stands there, where the engine calls it; after it otherwise. */
async function rehearseThere(
  parts: Parts,
  run: Run,
  place: Place & { readonly draft: PlanDraft; readonly signal: AbortSignal },
): Promise<Rehearsal> {
  const { on, action, testCommand, draft, signal } = place;
  let isTested = false;
  const whileChanged = async (): Promise<void> => {
    if (testCommand === undefined) return;
    isTested = true;
    const fault = await runTest(parts, run.id, { testCommand, when: `rehearsal on ${on}`, signal });
    if (fault !== undefined) throw new Error(fault);
  };
  const rehearsal = await withEvidence(parts, run.id, signal, (context) => {
    const { minimumImprovement } = parts.input.policy();
    // An engine may rehearse in a copy where no test has to see the change.
    const tested = testCommand === undefined ? {} : { whileChanged };
    const given: RehearsalContext = { ...context, minimumImprovement, ...tested };
    return action.rehearse(draft, given);
  });
  // On the target itself nothing was done: whatever came out is a simulation.
  if (on === '')
    return { ...rehearsal, on, verdict: rehearsal.verdict === 'passed' ? 'simulated' : rehearsal.verdict };
  if (rehearsal.verdict !== 'passed' || testCommand === undefined || isTested) return rehearsal;
  const fault = await runTest(parts, run.id, { testCommand, when: `rehearsal on ${on}`, signal });
  return fault === undefined
    ? rehearsal
    : { ...rehearsal, verdict: 'failed', text: `${rehearsal.text}; ${fault}` };
}
