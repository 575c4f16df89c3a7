import { z } from 'zod';
import {
  type Act,
  type ActContext,
  type ActOutcome,
  type Inspection,
  type PlanDraft,
} from '../../../src/sdk.ts';
import type { Access } from './access.ts';
import { actInSession } from './act-in-session.ts';
import type { ActingSession } from './acting-client.ts';
import { wordsOf } from './drop-index.ts';
import { buildAttempts, buildOnce, dropUntilGone, type IndexStep } from './index-acts.ts';
import { dropIndexStatement, reindexStatement, sameButName } from './index-definition.ts';
import type { IndexFacts } from './index-facts.ts';
import { indexByName } from './index-state.ts';
import { reasonToKeep } from './may-drop.ts';
import { afterLostConnection, catalogueSignal, explainOutcome } from './settle.ts';
import { subjectOf } from './subject.ts';

type Reader = Pick<ActingSession, 'query'>;

/** What the catalogue says of a rebuild; a rebuilt index has another oid and the same name. */
export async function inspectRebuild(
  reader: Reader,
  facts: IndexFacts,
  signal: AbortSignal,
): Promise<Inspection> {
  const subject = subjectOf(facts.database, facts.schema, facts.name);
  const there = await indexByName(reader, facts, signal);
  if (there === undefined) return { state: 'other', detail: `index ${subject} is gone: somebody dropped it` };
  if (!(await sameButName(there.definition, facts.definition)))
    return { state: 'other', detail: `another index is called ${subject} now; it is not ours to touch` };
  if (there.state === 'valid') return { state: 'done', detail: `index ${subject} is valid` };
  if (there.oid !== facts.oid)
    return {
      state: 'other',
      detail: `index ${subject} was made anew and is ${wordsOf(there.state)}: plan again`,
    };
  const copies = await copiesOf(reader, facts, signal);
  if (copies.length === 0) return { state: 'pending', detail: `index ${subject} is ${wordsOf(there.state)}` };
  return {
    state: 'half_applied',
    detail: `index ${subject} is ${wordsOf(there.state)}, and an interrupted rebuild left ${copies.map(({ name }) => name).join(', ')}`,
  };
}

/** Builds the index again in place, without blocking; copies that interrupted attempts left are dropped. */
export function applyRebuild(
  access: Access,
  plan: Pick<PlanDraft, 'identity'>,
  facts: IndexFacts,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  const afterLoss = (message: string): Promise<ActOutcome> => lookAgain(access, facts, message);
  return actInSession(
    { access, plan, facts, statements: [act.statement], context, afterLoss },
    async (session) => {
      if (act.statement !== reindexStatement(facts))
        return { result: 'refused', detail: 'the statement of the plan is not the one for this index' };
      const seen = await inspectRebuild(session, facts, context.signal);
      if (seen.state === 'done') return { result: 'already', detail: seen.detail };
      if (seen.state === 'other') return { result: 'refused', detail: seen.detail };
      return reindexUntilValid({ access, session, context }, facts, act.statement);
    },
  );
}

export async function reindexUntilValid(
  step: IndexStep,
  facts: IndexFacts,
  statement: string,
): Promise<ActOutcome> {
  const { session, context } = step;
  let problem = 'it was not built';
  for (let attempt = 0; attempt < buildAttempts && !context.signal.aborted; attempt += 1) {
    const outcome = await buildOnce(step, statement, facts);
    if (outcome === undefined) return { result: 'done', detail: 'the index was built again and is valid' };
    problem = explainOutcome(outcome);
    // An unfinished copy costs every write; the next attempt would make another one.
    for (const copy of await copiesOf(session, facts, catalogueSignal())) {
      const left = await dropUntilGone(
        step,
        dropIndexStatement({ schema: facts.schema, name: copy.name }),
        { ...copy, schema: facts.schema },
        false,
      );
      if (left !== undefined)
        return {
          result: 'half_applied',
          detail: `${problem}. Its unfinished copy ${copy.name} could not be dropped: ${explainOutcome(left)}`,
        };
    }
    if (outcome.kind === 'failed' && outcome.sqlState !== '55P03' && outcome.sqlState !== '40P01')
      return { result: 'failed', detail: `${problem}. The index is as before` };
  }
  return { result: 'gave_up', detail: `${problem}. The index is as before` };
}

function lookAgain(access: Access, facts: IndexFacts, message: string): Promise<ActOutcome> {
  return afterLostConnection(message, async () => {
    const signal = catalogueSignal();
    const seen = await access.reading(facts.database, signal, (connection) =>
      inspectRebuild(connection, facts, signal),
    );
    const result = seen.state === 'done' || seen.state === 'half_applied' ? seen.state : 'failed';
    return {
      result,
      detail: `the connection was lost (${message}); ${seen.detail}. The server may still be at it: look again`,
    };
  });
}

/** Queries could not use the index before: taking the rebuild back is dropping it. */
export function undoRebuild(
  access: Access,
  plan: Pick<PlanDraft, 'identity'>,
  facts: IndexFacts,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  const afterLoss = async (message: string): Promise<ActOutcome> => {
    const { detail } = await lookAgain(access, facts, message);
    return { result: 'failed', detail };
  };
  return actInSession({ access, plan, facts, statements: act.undo, context, afterLoss }, async (session) => {
    const there = await indexByName(session, facts, context.signal);
    if (there === undefined) return { result: 'already', detail: 'the index is gone' };
    if (!(await sameButName(there.definition, facts.definition)))
      return { result: 'refused', detail: 'another index has its name now; it is not ours to touch' };
    if (there.oid === facts.oid)
      return { result: 'already', detail: `the index is ${wordsOf(there.state)}, as before` };
    const [statement] = act.undo;
    if (statement !== dropIndexStatement(facts))
      return { result: 'refused', detail: 'the undo of the plan is not the one for this index' };
    const reason = await reasonToKeep(
      session,
      there.oid,
      { isLeftOver: false, comesBack: false },
      context.signal,
    );
    if (reason !== undefined) return { result: 'refused', detail: `${reason}; it stays as it was rebuilt` };
    const outcome = await dropUntilGone({ access, session, context }, statement, there);
    if (outcome === undefined)
      return { result: 'done', detail: 'the index is gone; queries did not use it before either' };
    return { result: 'half_applied', detail: explainOutcome(outcome) };
  });
}

const copyRow = z.object({ oid: z.string(), name: z.string() });

/** REINDEX CONCURRENTLY names its copy after the index, cut by bytes where there is no room. */
const copiesSql = `
  SELECT i.indexrelid::text AS oid, c.relname AS name
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE i.indrelid = $1::oid AND n.nspname = $2 AND NOT i.indisvalid
     AND c.relname ~ '_cc(new|old)[0-9]*$'
     AND (regexp_replace(c.relname, '_cc(new|old)[0-9]*$', '') = $3
          OR (octet_length(c.relname) >= 60 AND starts_with($3, regexp_replace(c.relname, '_cc(new|old)[0-9]*$', ''))))`;

function copiesOf(
  reader: Reader,
  { tableOid, schema, name }: IndexFacts,
  signal: AbortSignal,
): Promise<readonly z.infer<typeof copyRow>[]> {
  return reader.query(copiesSql, copyRow, signal, [tableOid, schema, name]);
}
