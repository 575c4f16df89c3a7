import { type Act, type ActContext, type ActOutcome, CollectError, type Plan } from '../../../../src/sdk.ts';
import type { Connection } from '../../client.ts';
import { type Access, notBegun } from '../access.ts';
import type { ActingSession, StatementOutcome } from '../acting-client.ts';
import { watchBuild } from '../build-watch.ts';
import { catalogueSignal, explainOutcome, runUntilSettled } from '../settle.ts';
import { type NewIndexFacts, newIndexFacts } from './index-facts.ts';
import { inspectIndex } from './index-state.ts';
import { dropStatement } from './index-statement.ts';
import { refusalsNow } from './recheck-index.ts';

/** Its waits for older transactions block nobody, so they may be longer than a lock timeout that protects others. */
const buildLockTimeoutMs = 60_000;
const waitForLockMs = 30_000;
const watchEveryMs = 1_000;
const dropWithinMs = 20_000;

/** Builds the index, watched; what a build that did not end leaves behind is dropped at once. */
export async function buildIndex(
  access: Access,
  plan: Plan,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  const facts = newIndexFacts(plan.facts);
  return acting(access, plan, context, async (session, watcher) => {
    const before = await inspectIndex(session, facts, context.signal);
    if (before.state === 'done') return { result: 'already', detail: before.detail };
    if (before.state === 'other') return { result: 'refused', detail: before.detail };
    const [refusal] = await refusalsNow(session, facts, context.signal);
    if (refusal !== undefined) return { result: 'refused', detail: refusal.text };
    if (before.state === 'half_applied') {
      const cleaned = await dropIndex(access, session, facts, context);
      if (cleaned.result !== 'done') return { ...cleaned, result: 'half_applied' };
    }
    await context.assertHeld();
    const { policy, clock } = access.input;
    const { lockTimeoutMs } = policy;
    const outcome = await session.run(act.statement, {
      signal: context.signal,
      lockTimeoutMs: Math.max(buildLockTimeoutMs, lockTimeoutMs),
      watch: watchBuild({ connection: watcher, processId: session.processId, lockTimeoutMs, clock }),
      watchEveryMs,
    });
    return settle(access, session, facts, outcome, context);
  });
}

/** Drops the index, whatever state it is in; `already` when it is not there. */
export async function unbuildIndex(
  access: Access,
  plan: Plan,
  _: Act,
  context: ActContext,
): Promise<ActOutcome> {
  const facts = newIndexFacts(plan.facts);
  return acting(access, plan, context, async (session) => {
    const { state, detail } = await inspectIndex(session, facts, context.signal);
    if (state === 'pending') return { result: 'already', detail };
    if (state === 'other') return { result: 'refused', detail };
    await context.assertHeld();
    return dropIndex(access, session, facts, context);
  });
}

/** The session that acts, and beside it one of the collecting login that watches. */
async function acting(
  access: Access,
  plan: Plan,
  { sessionName, signal }: ActContext,
  body: (session: ActingSession, watcher: Connection) => Promise<ActOutcome>,
): Promise<ActOutcome> {
  const { database, databaseOid } = newIndexFacts(plan.facts);
  const place = { identity: plan.identity, database, databaseOid };
  let hasBegun = false;
  try {
    return await access.reading(database, signal, (watcher) =>
      access.acting({ sessionName, place, database, waitForLockMs, signal }, (session) => {
        hasBegun = true;
        return body(session, watcher);
      }),
    );
  } catch (thrown) {
    if (hasBegun) throw thrown;
    return notBegun(thrown);
  }
}

/** What the build came to, by the catalogue. */
async function settle(
  access: Access,
  session: ActingSession,
  facts: NewIndexFacts,
  outcome: StatementOutcome,
  context: ActContext,
): Promise<ActOutcome> {
  const why = describe(outcome);
  // The server may still be at it, and without the connection nobody can ask on it.
  if (outcome.kind === 'lost') return { result: 'half_applied', detail: why };
  const { state, detail } = await inspectIndex(session, facts, catalogueSignal());
  if (state === 'done') return { result: 'done', detail };
  if (state === 'other') return { result: 'failed', detail: `${why}; ${detail}` };
  if (state === 'pending')
    return { result: outcome.kind === 'stopped' ? 'gave_up' : resultOf(outcome), detail: why };
  // On the way out there is no time to wait for locks: it is taken up again after the start.
  if (context.signal.aborted) return { result: 'half_applied', detail: `${why}; ${detail}` };
  const dropped = await dropIndex(access, session, facts, context);
  if (dropped.result === 'done')
    return { result: resultOf(outcome), detail: `${why}; what it left was dropped, nothing is changed` };
  return { result: 'half_applied', detail: `${why}; ${dropped.detail}` };
}

function resultOf(outcome: StatementOutcome): 'gave_up' | 'failed' {
  const isLock = outcome.kind === 'failed' && outcome.sqlState !== '55P03' && outcome.sqlState !== '57014';
  return isLock ? 'failed' : 'gave_up';
}

function describe(outcome: StatementOutcome): string {
  if (outcome.kind === 'done') return 'the build ended';
  if (outcome.kind === 'stopped') return `the build was stopped: ${outcome.reason}`;
  if (outcome.kind === 'lost') return 'the connection broke during the build: the server may still be at it';
  if (outcome.sqlState === '55P03')
    return 'the build gave up: others held a lock or an old transaction for too long';
  return `the build failed with SQLSTATE ${outcome.sqlState}`;
}

/** Drops what is there, with patience for locks; the catalogue says how it ended. */
async function dropIndex(
  { input }: Access,
  session: ActingSession,
  facts: NewIndexFacts,
  context: ActContext,
): Promise<ActOutcome> {
  const { clock, random } = input;
  const name = `${facts.schema}.${facts.index}`;
  const isGone = async (signal: AbortSignal): Promise<boolean> =>
    (await inspectIndex(session, facts, signal)).state === 'pending';
  const whyNot = async (signal: AbortSignal): Promise<string | undefined> => {
    const { state, detail } = await inspectIndex(session, facts, signal);
    return state === 'other' ? detail : undefined;
  };
  const patience = { clock, random, context, pauseMs: 500, withinMs: dropWithinMs, whyNot };
  try {
    const outcome = await runUntilSettled(session, dropStatement(facts), isGone, patience);
    if (outcome === undefined) return { result: 'done', detail: `index ${name} was dropped` };
    const { detail } = await inspectIndex(session, facts, catalogueSignal());
    return {
      result: 'half_applied',
      detail: `it could not be dropped (${explainOutcome(outcome)}): ${detail}`,
    };
  } catch (thrown) {
    if (!(thrown instanceof CollectError)) throw thrown;
    const why = `index ${name} was being dropped, and nobody knows how it ended: ${thrown.message}`;
    return { result: 'half_applied', detail: why };
  }
}
