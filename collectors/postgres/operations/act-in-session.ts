import type { PlanDraft } from '../../../src/sdk.ts';
import { type ActContext, type ActOutcome, CollectError, messageOf } from '../../../src/sdk.ts';
import { type Access, notBegun } from './access.ts';
import type { ActingSession } from './acting-client.ts';
import type { IndexFacts } from './index-facts.ts';
import { judgeAct } from './sql-judge.ts';

/** What an act on one index needs to know. */
export interface IndexAct {
  readonly access: Access;
  readonly plan: Pick<PlanDraft, 'identity'>;
  readonly facts: IndexFacts;
  /** Everything it may run, in any order. */
  readonly statements: readonly string[];
  readonly context: ActContext;
  /** Asked over another connection when the one that acts was lost. */
  readonly afterLoss: (message: string) => Promise<ActOutcome>;
}

/** How long to wait for another session of ours, such as one whose agent was killed while the server still works on its statement. */
const waitForLockMs = 30_000;

/**
 * Judges the statements once more, opens a session on the very server and database that the plan is for, and acts. What goes wrong before
 * anything was done says so; a connection lost in between is answered from the catalogue.
 */
export async function actInSession(
  { access, plan, facts, statements, context, afterLoss }: IndexAct,
  body: (session: ActingSession) => Promise<ActOutcome>,
): Promise<ActOutcome> {
  for (const statement of statements) {
    const [violation] = await judgeAct(statement);
    if (violation !== undefined) return { result: 'refused', detail: violation.text };
  }
  const { database, databaseOid } = facts;
  const place = { identity: plan.identity, database, databaseOid };
  const { sessionName, signal } = context;
  let hasBegun = false;
  try {
    return await access.acting({ sessionName, place, database, waitForLockMs, signal }, (session) => {
      hasBegun = true;
      return body(session);
    });
  } catch (thrown) {
    if (signal.aborted && !hasBegun)
      return { result: 'gave_up', detail: 'it was interrupted before it began: nothing was done' };
    if (signal.aborted) return afterLoss('it was interrupted');
    if (!hasBegun) return notBegun(thrown);
    // Others, such as a lost lease, are not the database's to explain.
    if (!(thrown instanceof CollectError)) throw thrown;
    return afterLoss(messageOf(thrown));
  }
}
