import { z } from 'zod';
import {
  messageOf,
  type PlanDraft,
  type Rehearsal,
  type RehearsalContext,
  sessionName,
} from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import type { ActingSession } from '../acting-client.ts';
import { rehearsalDatabase } from '../queries/rehearsal-place.ts';
import { judgeFile } from './judge-migration.ts';
import { type MigrationFacts, migrationFactsOf } from './migration-facts.ts';
import { prepareHistory, readHistory } from './migration-history.ts';
import { collectingRole, workOf } from './migration-session.ts';
import { type Clone, makeClone } from './rehearsal-clone.ts';
import { rehearseCycle } from './rehearsal-cycle.ts';
import type { Ground } from './rehearsal-ground.ts';
import { applyEarlier, mendLeftovers } from './rehearsal-ground.ts';

const waitForLockMs = 120_000;

/** On the rehearsal target, whose access this is: up, down, compared with the start, up and down again. It is left as it was. */
export async function rehearseMigration(
  access: Access,
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
  const { signal } = context;
  let clone: Clone | string = 'the test of its user needs the database itself';
  try {
    const facts = migrationFactsOf(draft);
    const database = await rehearsalDatabase(access, facts.database, signal);
    const reader = await collectingRole(access, database, signal);
    // A test that runs meanwhile looks at the database itself.
    if (context.whileChanged === undefined) clone = await makeClone(access, database, context);
    const request = {
      sessionName: sessionName(input.applicationName, context.runId),
      place: undefined,
      database: typeof clone === 'string' ? database : clone.database,
      waitForLockMs,
      signal,
    };
    const where = typeof clone === 'string' ? `on ${on} in ${database}` : `on ${on} in a copy of ${database}`;
    const tried = await access.acting(request, (session) =>
      rehearseIn({ access, session, draft, facts, context, reader, where }),
    );
    return { ...blank, ...tried };
  } catch (thrown) {
    signal.throwIfAborted();
    return { ...blank, verdict: 'failed', text: `on ${on}: ${messageOf(thrown)}` };
  } finally {
    if (typeof clone !== 'string') await dropClone(access, clone);
  }
}

async function dropClone({ input }: Access, clone: Clone): Promise<void> {
  try {
    await clone.drop();
  } catch (error) {
    // The next rehearsal drops it.
    input.log.warn('copy for a rehearsal not dropped', {
      target: input.target.id,
      database: clone.database,
      error,
    });
  }
}

interface Place {
  readonly access: Access;
  readonly session: ActingSession;
  readonly draft: PlanDraft;
  readonly facts: MigrationFacts;
  readonly context: RehearsalContext;
  readonly reader: string;
  readonly where: string;
}

type Tried = Partial<Rehearsal> & Pick<Rehearsal, 'verdict' | 'text'>;

async function rehearseIn({ access, session, draft, facts, context, reader, where }: Place): Promise<Tried> {
  const { signal } = context;
  if (await isItself(session, draft, facts, signal))
    return {
      verdict: 'failed',
      text: `${where}: that is the very server that the plan is for: remediation.rehearsal must be another one`,
    };
  await prepareHistory(session, reader, signal);
  const work = workOf(access, session, await placedFacts(session, facts, signal), { signal });
  const left = await mendLeftovers(access, work);
  if (left !== undefined) return { verdict: 'failed', text: `${where}: ${left}` };
  const history = await readHistory(session, signal);
  const already = history.filter(({ name }) => draft.acts.some(({ id }) => id === name));
  if (already.length > 0) {
    const names = already.map(({ name }) => name).join(', ');
    const text = `${where}: ${names} is applied there already, by run ${already[0]?.runId ?? ''}: roll it back there, or rehearse elsewhere`;
    return { verdict: 'not_possible', text };
  }
  const ground: Ground = { access, work, runId: context.runId, done: [] };
  const answer = await applyEarlier(ground, facts, history);
  if (answer !== undefined) return { verdict: answer.verdict, text: `${where}: ${answer.text}` };
  const judged = await Promise.all(
    draft.acts.map(({ id, statement, undo }) =>
      judgeFile({ name: id, up: statement, down: undo[0] ?? '', tool: 'reeve' }),
    ),
  );
  const tried = await rehearseCycle(ground, facts, judged, context);
  return { ...tried, text: `${where}: ${tried.text}` };
}

const roleRow = z.object({ is: z.boolean() });

/** The owner's role where it is there and the login may act as it; its own otherwise. */
async function placedFacts(
  session: ActingSession,
  facts: MigrationFacts,
  signal: AbortSignal,
): Promise<Pick<MigrationFacts, 'role' | 'searchPath'>> {
  if (facts.role === '') return facts;
  const [found] = await session.query(
    `SELECT coalesce((SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = $1), false) AS is`,
    roleRow,
    signal,
    [facts.role],
  );
  return { searchPath: facts.searchPath, role: found?.is === true ? facts.role : '' };
}

const startRow = z.object({ started_at: z.number() });

/** A copy has the same identifier and another process. */
async function isItself(
  session: ActingSession,
  draft: PlanDraft,
  facts: MigrationFacts,
  signal: AbortSignal,
): Promise<boolean> {
  const sql = 'SELECT extract(epoch FROM pg_postmaster_start_time())::float8 AS started_at';
  const [server] = await session.query(sql, startRow, signal);
  return (
    session.identity.system_identifier === draft.identity['systemIdentifier'] &&
    server?.started_at === facts.serverStartedAt
  );
}
