import type { Comparison, Verification } from '../core/remediation/verification.ts';
import { keepEvidence } from './evidence.ts';
import { auditOf } from './journal.ts';
import type { Look } from './journaled.ts';
import type { Loaded } from './loaded-run.ts';
import { baselineOf, guardsIn, spanOf } from './looks.ts';
import { lossText } from './migration-proofs.ts';
import type { Parts } from './parts.ts';
import { beginTakeBack } from './take-back.ts';
import { compareCounters, compareGuards, isWithoutGain, verdictOf } from './verify.ts';

/** A regression late in a long soak shows in the latest looks, long before it shows in all of them together. */
const latestLooks = 5;

/** Whether something got worse; then taking back has begun. */
export async function isWorseNow(parts: Parts, loaded: Loaded, looks: readonly Look[]): Promise<boolean> {
  const before = await baselineOf(parts, loaded);
  for (const part of [looks, looks.slice(-latestLooks)]) {
    const { verdict, comparisons, text } = judge(loaded, before, part, true);
    if (verdict !== 'worse') continue;
    await keepVerification(parts, loaded, { verdict, comparisons, text });
    await beginTakeBack(parts, loaded.run.id, 'worse', text);
    return true;
  }
  return false;
}

export interface SoakEnd {
  readonly state: 'kept' | 'inconclusive' | 'undo';
  readonly text: string;
}

/** What the whole soak says. Kept only when the plan's expectation came true and nothing got worse. */
export async function endSoak(
  parts: Parts,
  loaded: Loaded,
  looks: readonly Look[],
  signal: AbortSignal,
): Promise<SoakEnd> {
  const before = await baselineOf(parts, loaded);
  const isDone = await isInForce(loaded, signal);
  const compared = judge(loaded, before, looks, isDone);
  const indicator = objectiveOf(parts, loaded);
  const verification = withIndicator(compared, indicator);
  await keepVerification(parts, loaded, verification);
  const { verdict, text } = verification;
  const { expectation } = loaded.plan;
  if (verdict === 'worse' || isWithoutGain(compared, expectation)) {
    const cause = verdict === 'worse' ? 'worse' : 'no_gain';
    await beginTakeBack(parts, loaded.run.id, cause, cause === 'worse' ? text : `no gain: ${text}`);
    return { state: 'undo', text };
  }
  const lost = await lossText(parts, loaded.run.id);
  return verdict === 'improved'
    ? { state: 'kept', text: `verified: ${text}${lost}` }
    : { state: 'inconclusive', text: `kept, and nothing could be proven: ${text}${lost}` };
}

function judge(
  { plan, workplace }: Loaded,
  before: readonly Look[],
  after: readonly Look[],
  isDone: boolean,
): Verification {
  const guards = compareGuards(guardsIn(before), guardsIn(after), workplace.site.guards);
  const old = spanOf(before);
  const now = spanOf(after);
  const counters = old === undefined || now === undefined ? [] : compareCounters(plan.expectation, old, now);
  return verdictOf([...guards, ...counters], plan.expectation, isDone);
}

async function isInForce({ run, plan, workplace }: Loaded, signal: AbortSignal): Promise<boolean> {
  const context = { signal, runId: run.id, evidence: () => undefined };
  for (const act of plan.acts) {
    const { state } = await workplace.action.inspect(plan, act, context);
    if (state !== 'done') return false;
  }
  return true;
}

/** The breached objective itself, now and when it was breached; undefined for a run that no breach began. */
function objectiveOf({ input }: Parts, { run }: Loaded): Comparison | undefined {
  const fingerprint = run.trigger.breach;
  if (fingerprint === undefined) return undefined;
  const [breach] = input.breaches({ fingerprint });
  const judgement = input
    .judgements()
    .find(
      ({ target, objective, subject }) =>
        target === breach?.target && objective === breach.objective && subject === breach.subject,
    );
  const what = breach === undefined ? 'the breached objective' : breach.objective;
  const old = breach?.value;
  const now = judgement?.value;
  const base = { what, role: 'indicator', before: old ?? null, after: now ?? null } as const;
  if (judgement?.state === 'met') return { ...base, verdict: 'better', text: `${what} is met again` };
  if (breach === undefined || old === undefined || now === undefined || judgement?.state === 'unknown')
    return { ...base, verdict: 'unknown', text: `${what} is not known now` };
  const gain = breach.side === 'min' ? now - old : old - now;
  const verdict = gain > 0 ? 'better' : 'same';
  return { ...base, verdict, text: `${what}: ${rounded(old)} when it was breached, ${rounded(now)} now` };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** Success needs the breached indicator too; one that is not known, or no better, proves nothing. */
function withIndicator(verification: Verification, indicator: Comparison | undefined): Verification {
  if (indicator === undefined) return verification;
  const comparisons = [...verification.comparisons, indicator];
  const text = `${verification.text}; ${indicator.text}`;
  const isProven = verification.verdict !== 'improved' || indicator.verdict === 'better';
  return { verdict: isProven ? verification.verdict : 'inconclusive', comparisons, text };
}

async function keepVerification(
  parts: Parts,
  { run, plan }: Loaded,
  { verdict, comparisons, text }: Verification,
): Promise<void> {
  await keepEvidence(parts, run.id, {
    kind: 'verification',
    title: `verified: ${verdict}`,
    body: { plan: plan.hash, text, comparisons: comparisons.slice(0, 200).map((each) => ({ ...each })) },
  });
  await parts.records.appendAudit(auditOf(parts, run, { event: 'verified', outcome: `${verdict}: ${text}` }));
}
