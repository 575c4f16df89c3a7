import type { PlanDraft } from '../../../src/sdk.ts';
import {
  type Act,
  type ActContext,
  type ActOutcome,
  CollectError,
  type Inspection,
  messageOf,
} from '../../../src/sdk.ts';
import type { Access } from './access.ts';
import { actInSession } from './act-in-session.ts';
import type { ActingSession, StatementOutcome } from './acting-client.ts';
import { buildAttempts, buildOnce, dropUntilGone, type IndexStep, lightState } from './index-acts.ts';
import { dropIndexStatement, sameButName } from './index-definition.ts';
import type { IndexFacts } from './index-facts.ts';
import { type IndexState, indexByName, indexByOid } from './index-state.ts';
import { reasonToKeep } from './may-drop.ts';
import { afterLostConnection, catalogueSignal, explainOutcome } from './settle.ts';
import { subjectOf } from './subject.ts';

type Reader = Pick<ActingSession, 'query'>;

/** What the catalogue says of the drop of one index. Reads only. */
export async function inspectDrop(
  reader: Reader,
  facts: IndexFacts,
  signal: AbortSignal,
): Promise<Inspection> {
  const subject = subjectOf(facts.database, facts.schema, facts.name);
  const own = await indexByOid(reader, facts.oid, signal);
  if (own !== undefined) return inspectOwn(subject, facts, own);
  const other = await indexByName(reader, facts, signal);
  if (other === undefined) return { state: 'done', detail: `index ${subject} is gone` };
  if (!(await sameButName(other.definition, facts.definition)))
    return { state: 'other', detail: `another index is called ${subject} now; it is not ours to touch` };
  return other.state === 'valid'
    ? { state: 'pending', detail: `index ${subject} was built again and is valid` }
    : { state: 'half_applied', detail: `index ${subject} was being built again and is not valid` };
}

function inspectOwn(subject: string, facts: IndexFacts, own: IndexState): Inspection {
  if (own.definition !== facts.definition || own.schema !== facts.schema || own.name !== facts.name)
    return { state: 'other', detail: `index ${subject} was renamed or altered since it was planned` };
  if (own.state === facts.state)
    return { state: 'pending', detail: `index ${subject} is ${wordsOf(own.state)}, as when it was planned` };
  if (own.state === 'valid')
    return { state: 'other', detail: `index ${subject} is valid again: somebody built it` };
  return {
    state: 'half_applied',
    detail: `index ${subject} is ${wordsOf(own.state)}: queries do not use it${own.state === 'invalid' ? ', writes still maintain it' : ''}`,
  };
}

/** Drops the index, finishing what an interrupted drop began. */
export function applyDrop(
  access: Access,
  plan: Pick<PlanDraft, 'identity' | 'action'>,
  facts: IndexFacts,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  const afterLoss = (message: string): Promise<ActOutcome> => lookAgain(access, facts, message);
  return actInSession(
    { access, plan, facts, statements: [act.statement], context, afterLoss },
    async (session) => {
      if (act.statement !== dropIndexStatement(facts))
        return { result: 'refused', detail: 'the statement of the plan is not the one for this index' };
      const before = await beforeDrop(session, plan.action, facts, context.signal);
      if (before !== undefined) return before;
      const outcome = await dropUntilGone({ access, session, context }, act.statement, facts);
      if (outcome === undefined) return { result: 'done', detail: 'the index is gone' };
      return unfinished(session, facts, outcome);
    },
  );
}

async function beforeDrop(
  session: ActingSession,
  action: string,
  facts: IndexFacts,
  signal: AbortSignal,
): Promise<ActOutcome | undefined> {
  let seen: Inspection;
  try {
    seen = await inspectDrop(session, facts, signal);
  } catch (thrown) {
    if (!(thrown instanceof CollectError && thrown.code === 'locked')) throw thrown;
    // Its table is locked: the definition cannot be read, and the drop would have to wait as well.
    return {
      result: 'gave_up',
      detail: `nothing was done: its table is locked by others (${messageOf(thrown)})`,
    };
  }
  if (seen.state === 'done') return { result: 'already', detail: seen.detail };
  if (seen.state === 'other') return { result: 'refused', detail: seen.detail };
  const own = await indexByOid(session, facts.oid, signal);
  if (own === undefined) return { result: 'refused', detail: `${seen.detail}: plan again` };
  if (action === 'drop_unused_index' && own.state === 'valid' && own.scans !== facts.scans) {
    return {
      result: 'refused',
      detail: `its counter of uses was ${facts.scans} when it was planned and is ${own.scans} now: nothing is dropped that may be used`,
    };
  }
  const is = { isLeftOver: action === 'drop_invalid_index', comesBack: true };
  const reason = await reasonToKeep(session, facts.oid, is, signal);
  return reason === undefined ? undefined : { result: 'refused', detail: reason };
}

async function unfinished(
  session: ActingSession,
  facts: IndexFacts,
  outcome: StatementOutcome,
): Promise<ActOutcome> {
  const state = await lightState(session, facts.oid, catalogueSignal());
  const why = explainOutcome(outcome);
  if (state === 'gone') return { result: 'done', detail: 'the index is gone' };
  if (state !== facts.state)
    return {
      result: 'half_applied',
      detail: `${why}. The index is ${wordsOf(state)}: finish the drop, or build it again`,
    };
  const isOurs = outcome.kind === 'failed' && outcome.sqlState !== '55P03';
  return {
    result: isOurs ? 'failed' : 'gave_up',
    detail: `${why}. The index is ${wordsOf(state)}, as before`,
  };
}

/** The connection that acted is lost: the catalogue is read by the collecting login. */
function lookAgain(access: Access, facts: IndexFacts, message: string): Promise<ActOutcome> {
  return afterLostConnection(message, async () => {
    const signal = catalogueSignal();
    const seen = await access.reading(facts.database, signal, (connection) =>
      inspectDrop(connection, facts, signal),
    );
    const text = `the connection was lost (${message}); ${seen.detail}`;
    if (seen.state === 'done') return { result: 'done', detail: text };
    if (seen.state === 'half_applied') return { result: 'half_applied', detail: text };
    return { result: 'failed', detail: `${text}. The server may still be at it: look again` };
  });
}

/** Builds the index again as it was, whatever half of it is there. */
export async function undoDrop(
  access: Access,
  plan: Pick<PlanDraft, 'identity'>,
  facts: IndexFacts,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  const afterLoss = async (message: string): Promise<ActOutcome> => {
    const seen = await lookAgain(access, facts, message);
    // Of the undo: done is the index's absence.
    return seen.result === 'done' ? { ...seen, result: 'failed' } : seen;
  };
  const outcome = await actInSession(
    { access, plan, facts, statements: [act.statement, ...act.undo], context, afterLoss },
    (session) => rebuildUntilValid({ access, session, context }, facts, act),
  );
  if (outcome.result === 'done' || outcome.result === 'already') return outcome;
  return { ...outcome, detail: `${outcome.detail}. By hand, in ${facts.database}: ${act.undo.join('; ')}` };
}

/** Until an equal index is valid and carries its comment. What is left of a drop or a build of that name goes first. */
export async function rebuildUntilValid(
  step: IndexStep,
  facts: IndexFacts,
  act: Pick<Act, 'statement' | 'undo'>,
): Promise<ActOutcome> {
  const { session, context } = step;
  const [build, ...rest] = act.undo;
  if (build === undefined)
    return { result: 'refused', detail: 'the plan does not say how it is built again' };
  let problem = 'it was not built';
  for (let attempt = 0; attempt <= buildAttempts; attempt += 1) {
    const signal = catalogueSignal();
    const there = await indexByName(session, facts, signal);
    if (there !== undefined && !(await sameButName(there.definition, facts.definition)))
      return { result: 'refused', detail: 'another index has its name now; it is not ours to touch' };
    if (there?.state === 'valid') return withComment(step, facts, rest, there, attempt > 0);
    if (attempt === buildAttempts || context.signal.aborted) break;
    if (there !== undefined) {
      const left = await dropUntilGone(step, act.statement, there, false);
      if (left !== undefined) {
        problem = `what is left of it could not be dropped: ${explainOutcome(left)}`;
        break;
      }
    }
    const outcome = await buildOnce(step, build, facts);
    if (outcome !== undefined) problem = explainOutcome(outcome);
  }
  const left = await indexByName(session, facts, catalogueSignal());
  return left === undefined
    ? { result: 'gave_up', detail: `${problem}. There is no index of that name: build it again` }
    : { result: 'half_applied', detail: `${problem}. The index is ${wordsOf(left.state)}: build it again` };
}

async function withComment(
  { session, context }: IndexStep,
  facts: IndexFacts,
  statements: readonly string[],
  there: IndexState,
  built: boolean,
): Promise<ActOutcome> {
  if (there.comment === facts.comment) {
    return built
      ? { result: 'done', detail: 'the index was built again and is valid' }
      : { result: 'already', detail: 'the index is there and valid' };
  }
  for (const statement of statements) {
    await context.assertHeld();
    const outcome = await session.run(statement, { signal: context.signal });
    if (outcome.kind !== 'done')
      return {
        result: 'done',
        detail: `the index is valid; its comment is not restored: ${explainOutcome(outcome)}`,
      };
  }
  return { result: 'done', detail: 'the index is valid and has its comment again' };
}

const stateWords: Readonly<Record<IndexState['state'] | 'gone', string>> = {
  valid: 'valid',
  invalid: 'invalid',
  failed_build: 'a build that failed',
  dead: 'invalid and no longer maintained',
  gone: 'gone',
};

export function wordsOf(state: IndexState['state'] | 'gone'): string {
  return stateWords[state];
}
