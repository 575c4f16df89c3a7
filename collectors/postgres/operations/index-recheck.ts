import { z } from 'zod';
import { type OperationContext, type Plan, type Refusal } from '../../../src/sdk.ts';
import type { Connection } from '../client.ts';
import type { Access } from './access.ts';
import { ActRefused } from './act-refused.ts';
import { assertIdentity, identityRow, identitySql } from './identity.ts';
import { findIndexCandidates, type IndexCandidate } from './index-candidates.ts';
import { sameButName } from './index-definition.ts';
import { factsOf, type IndexFacts } from './index-facts.ts';
import { indexByOid } from './index-state.ts';
import { explainVerdict, type IndexSurvey, surveyIndexes } from './index-survey.ts';
import { obstacles, readServerState } from './queries/server-state.ts';

/** Everything a plan rests on, looked at again: by the collecting login here, by the history for the other members. Empty: go on. */
export async function recheckIndex(
  access: Access,
  plan: Plan,
  { signal, evidence }: OperationContext,
): Promise<readonly Refusal[]> {
  const facts = factsOf(plan);
  return access.reading(facts.database, signal, async (connection) => {
    const elsewhere = await identityRefusal(connection, plan, facts, signal);
    if (elsewhere !== undefined) return [elsewhere];
    const survey = await surveyIndexes(access.input, connection, signal);
    const refusals = [
      ...(await sameIndex(connection, facts, signal)),
      ...sameGround(plan.action, facts, survey),
      ...membersMoved(plan.action, facts, survey),
      ...obstacles(
        await readServerState(connection, facts.tableOid, signal),
        `${facts.schema}.${facts.table}`,
      ),
      ...(await replicasConnected(connection, signal)),
    ];
    evidence({
      kind: 'precheck',
      title:
        refusals.length === 0
          ? 'every precondition still holds'
          : `${refusals.length} preconditions do not hold`,
      body: {
        refusals: refusals.map(({ id, text }) => ({ id, text })),
        members: membersOf(survey, facts.oid).map((each) => ({ ...each })),
      },
    });
    return refusals;
  });
}

async function identityRefusal(
  connection: Connection,
  { identity }: Plan,
  { database, databaseOid }: IndexFacts,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const [found] = await connection.query(identitySql, identityRow, signal);
  if (found === undefined) return { id: 'identity_changed', text: 'the server does not say who it is' };
  try {
    assertIdentity({ identity, database, databaseOid }, found);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof ActRefused) return thrown.refusal;
    throw thrown;
  }
}

async function sameIndex(
  connection: Connection,
  facts: IndexFacts,
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  const id = 'definition_unchanged';
  const now = await indexByOid(connection, facts.oid, signal);
  if (now === undefined) return [{ id, text: 'the index is gone, or was made anew: plan again' }];
  const changed = (['schema', 'name', 'definition', 'comment', 'tablespace', 'state'] as const).filter(
    (field) => now[field] !== facts[field],
  );
  if (changed.length > 0)
    return [{ id, text: `the index was changed since it was planned (${changed.join(', ')}): plan again` }];
  if (facts.twin === null) return [];
  const twin = await indexByOid(connection, facts.twin.oid, signal);
  const serves = twin?.state === 'valid' && (await sameButName(twin.definition, facts.definition));
  return serves
    ? []
    : [
        {
          id: 'twin_serves',
          text: `index ${facts.twin.name}, which was to stay, is gone, not valid or another one now`,
        },
      ];
}

/** Whether it would be proposed again, for the same reason. */
function sameGround(action: string, facts: IndexFacts, survey: IndexSurvey): readonly Refusal[] {
  const index = survey.indexes.find(({ oid }) => oid === facts.oid);
  if (index === undefined) return [];
  const found: IndexCandidate | undefined = findIndexCandidates(survey).find(
    (each) => each.index.oid === facts.oid,
  );
  if (found?.action === action) return [];
  const judged = survey.judge(index);
  const id = action === 'drop_unused_index' ? 'still_unused' : 'ground_changed';
  const busy = survey.busy.has(facts.oid) ? 'somebody works on it now; ' : '';
  return [{ id, text: `there is no reason for it any more: ${busy}${explainVerdict(judged)}` }];
}

/** Uses between the plan and now, on any member, whatever the window says. */
function membersMoved(action: string, facts: IndexFacts, survey: IndexSurvey): readonly Refusal[] {
  if (action !== 'drop_unused_index') return [];
  const id = 'still_unused';
  const index = survey.indexes.find(({ oid }) => oid === facts.oid);
  const moved = membersOf(survey, facts.oid).filter(
    ({ member, scans }) => scans !== (facts.members.find((each) => each.member === member)?.scans ?? scans),
  );
  const texts = moved.map(
    ({ member }) => `member ${member} counts other uses of it than when it was planned`,
  );
  if (index !== undefined && index.scans !== facts.scans)
    texts.unshift(`its counter of uses was ${facts.scans} when it was planned and is ${index.scans} now`);
  return texts.map((text) => ({ id, text: `${text}: nothing is dropped that may be used` }));
}

/** What each member that knows the index has counted, as far as it was read. */
export function membersOf(
  survey: IndexSurvey,
  oid: string,
): readonly { readonly member: string; readonly scans: number; readonly at: number }[] {
  return survey.members.flatMap(({ member, at, indexes }) => {
    const use = indexes.get(oid);
    return use === undefined ? [] : [{ member, scans: use.scans, at }];
  });
}

const slotRow = z.object({ name: z.string() });
const slotSql = `
  SELECT slot_name::text AS name FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT active ORDER BY 1 LIMIT 10`;

async function replicasConnected(connection: Connection, signal: AbortSignal): Promise<readonly Refusal[]> {
  const slots = await connection.query(slotSql, slotRow, signal);
  if (slots.length === 0) return [];
  return [
    {
      id: 'replicas_connected',
      text: `nobody is connected to slot ${slots.map(({ name }) => name).join(', ')}: a standby that is away may use the index; connect it, or drop its slot if it is gone for good`,
    },
  ];
}
