import { z } from 'zod';
import {
  type ActOutcome,
  messageOf,
  type PlanDraft,
  type Rehearsal,
  type RehearsalContext,
  sessionName,
  testWhileChanged,
} from '../../../src/sdk.ts';
import type { Access } from './access.ts';
import type { ActingSession, StatementOutcome } from './acting-client.ts';
import { rebuildUntilValid, wordsOf } from './drop-index.ts';
import { dropUntilGone, type IndexStep } from './index-acts.ts';
import type { IndexActionId } from './index-candidates.ts';
import { sameButName } from './index-definition.ts';
import { factsOf, type IndexFacts } from './index-facts.ts';
import { actionWords } from './index-plan.ts';
import { type IndexState, indexByName } from './index-state.ts';
import { reindexUntilValid } from './rebuild-index.ts';
import { explainOutcome } from './settle.ts';

/** Tables larger than this must have at least a tenth of their rows on the rehearsal target. */
const smallTableRows = 10_000;
const leastShare = 0.1;
const waitForLockMs = 120_000;

/** Does it on the rehearsal target, whose access this is: the act, a look, its undo, a look. The target is left as it was. */
export async function rehearseIndexChange(
  access: Access,
  action: IndexActionId,
  draft: PlanDraft,
  context: RehearsalContext,
): Promise<Rehearsal> {
  const { input } = access;
  const on = input.target.id;
  const blank = { on, rows: {}, figures: {} };
  if (input.credentials === undefined) {
    const text = `target ${on} has no remediation.credentials: nothing can be rehearsed there`;
    return { ...blank, verdict: 'not_possible', text };
  }
  const facts = factsOf(draft);
  try {
    const request = {
      sessionName: sessionName(input.applicationName, context.runId),
      place: undefined,
      database: await databaseOf(access, facts, context.signal),
      waitForLockMs,
      signal: context.signal,
    };
    const tried = await access.acting(request, (session) =>
      rehearseOn(access, session, action, draft, context),
    );
    return { ...blank, ...tried };
  } catch (thrown) {
    context.signal.throwIfAborted();
    return { ...blank, verdict: 'failed', text: `on ${on}: ${messageOf(thrown)}` };
  }
}

async function rehearseOn(
  access: Access,
  session: ActingSession,
  action: IndexActionId,
  draft: PlanDraft,
  rehearsal: RehearsalContext,
): Promise<Partial<Rehearsal> & Pick<Rehearsal, 'verdict' | 'text'>> {
  const { signal } = rehearsal;
  const facts = factsOf(draft);
  const on = access.input.target.id;
  if (await isItself(session, draft, facts, signal)) {
    const text = `target ${on} is the very server that the plan is for: remediation.rehearsal must be another one`;
    return { verdict: 'failed', text };
  }
  const there = await indexByName(session, facts, signal);
  const count = { target: facts.tableRows, rehearsal: there?.tableRows ?? 0 };
  const rows = { [`${facts.schema}.${facts.table}`]: count };
  const problem = await notComparable(facts, there);
  if (problem !== undefined) return { verdict: 'failed', text: `on ${on}: ${problem}`, rows };
  const context = { signal, assertHeld: () => Promise.resolve() };
  const step = { access, session, context, test: () => testWhileChanged(rehearsal) };
  const { text, passed, figures } = await rehearseThere(step, action, draft, facts, there);
  if (isEnough(facts, there)) return { verdict: passed ? 'passed' : 'failed', text, rows, figures };
  const small = `the table has ${count.rehearsal} rows there and ${count.target} on the target: too few to say how long it takes`;
  return { verdict: 'failed', text: `${text}; but ${small}`, rows, figures };
}

interface RehearsalStep extends IndexStep {
  /** The user's test, while the change stands: why it failed. */
  readonly test: () => Promise<string | undefined>;
}

interface Tried {
  readonly passed: boolean;
  readonly text: string;
  readonly figures: Rehearsal['figures'];
}

async function rehearseThere(
  step: RehearsalStep,
  action: IndexActionId,
  draft: PlanDraft,
  facts: IndexFacts,
  there: IndexState | undefined,
): Promise<Tried> {
  const { clock } = step.access.input;
  const [act] = draft.acts;
  if (act === undefined) return { passed: false, text: 'the plan has no act', figures: {} };
  const isRebuild = actionWords[action].act === 'rebuild';
  const { rebuilding, dropping } = isRebuild
    ? { rebuilding: { statement: act.undo[0] ?? '', undo: [] }, dropping: act.undo[0] ?? '' }
    : { rebuilding: act, dropping: act.statement };
  if (isRebuild && there !== undefined) {
    const beganAt = clock.monotonicMs();
    const done = await reindexUntilValid(step, { ...facts, ...there }, act.statement);
    const rebuildMs = Math.round(clock.monotonicMs() - beganAt);
    const fault = done.result === 'done' ? await step.test() : undefined;
    return {
      passed: done.result === 'done' && fault === undefined,
      text: `rebuilt in ${rebuildMs} ms: ${fault ?? done.detail}`,
      figures: { rebuildMs },
    };
  }
  if (there === undefined) {
    const built = await rebuildUntilValid(step, facts, rebuilding);
    if (built.result !== 'done')
      return { passed: false, text: `it could not be built there: ${built.detail}`, figures: {} };
  }
  return dropAndRebuild(step, facts, { act: rebuilding, dropping, keep: there !== undefined });
}

async function dropAndRebuild(
  step: RehearsalStep,
  facts: IndexFacts,
  {
    act,
    dropping,
    keep,
  }: {
    readonly act: { statement: string; undo: readonly string[] };
    readonly dropping: string;
    readonly keep: boolean;
  },
): Promise<Tried> {
  const { session, access } = step;
  const { clock } = access.input;
  const there = await indexByName(session, facts, step.context.signal);
  if (there === undefined) return { passed: false, text: 'the index is not there', figures: {} };
  const beganAt = clock.monotonicMs();
  const dropped: StatementOutcome | undefined = await dropUntilGone(step, dropping, there);
  const dropMs = Math.round(clock.monotonicMs() - beganAt);
  if (!keep) {
    const text =
      dropped === undefined
        ? `built and dropped (${dropMs} ms)`
        : `the drop failed: ${explainOutcome(dropped)}`;
    return { passed: dropped === undefined, text, figures: { dropMs } };
  }
  const fault = dropped === undefined ? await step.test() : undefined;
  // Also after a drop that failed half-way: the rehearsal target is left as it was.
  const rebuiltAt = clock.monotonicMs();
  const rebuilt: ActOutcome = await rebuildUntilValid(step, facts, act);
  const rebuildMs = Math.round(clock.monotonicMs() - rebuiltAt);
  const isBack = rebuilt.result === 'done' || rebuilt.result === 'already';
  const back = isBack
    ? `built again in ${rebuildMs} ms and valid`
    : `NOT built again (${rebuilt.detail}): run ${act.undo.join('; ')}`;
  const first =
    dropped === undefined ? `dropped in ${dropMs} ms` : `the drop failed: ${explainOutcome(dropped)}`;
  return {
    passed: dropped === undefined && isBack && fault === undefined,
    text: `${first}, ${back}${fault === undefined ? '' : `; ${fault}`}`,
    figures: { dropMs, rebuildMs },
  };
}

async function notComparable(facts: IndexFacts, there: IndexState | undefined): Promise<string | undefined> {
  const name = `${facts.schema}.${facts.name}`;
  if (there === undefined)
    return facts.state === 'valid' ? `there is no index ${name}: its schema is another one` : undefined;
  if (there.state !== 'valid') return `index ${name} is ${wordsOf(there.state)} there: mend it first`;
  return (await sameButName(there.definition, facts.definition))
    ? undefined
    : `index ${name} has another definition there: its schema is another one`;
}

/** An index that has to be built for the rehearsal has a table whose rows nobody counted; it was built, which says more. */
function isEnough(facts: IndexFacts, there: IndexState | undefined): boolean {
  return (
    there === undefined ||
    facts.tableRows <= smallTableRows ||
    there.tableRows >= facts.tableRows * leastShare
  );
}

const startRow = z.object({ started_at: z.number() });

/** A clone has the same identifier and another process. */
async function isItself(
  session: ActingSession,
  draft: PlanDraft,
  facts: IndexFacts,
  signal: AbortSignal,
): Promise<boolean> {
  const [server] = await session.query(
    'SELECT extract(epoch FROM pg_postmaster_start_time())::float8 AS started_at',
    startRow,
    signal,
  );
  return (
    session.identity.system_identifier === draft.identity['systemIdentifier'] &&
    server?.started_at === facts.serverStartedAt
  );
}

const existsRow = z.object({ exists: z.boolean() });

/** The database of the same name where there is one, the URL's own otherwise. */
async function databaseOf(access: Access, { database }: IndexFacts, signal: AbortSignal): Promise<string> {
  return access.reading(undefined, signal, async (connection) => {
    const [found] = await connection.query(
      'SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datallowconn) AS exists',
      existsRow,
      signal,
      [database],
    );
    return found?.exists === true ? database : connection.database;
  });
}
