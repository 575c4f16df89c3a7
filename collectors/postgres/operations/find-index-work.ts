import { z } from 'zod';
import {
  type Candidate,
  CollectError,
  type FindRequest,
  type JsonObject,
  type OperationContext,
  type PlanDraft,
  type Refusal,
} from '../../../src/sdk.ts';
import type { Connection } from '../client.ts';
import { discoverDatabases } from '../databases.ts';
import { type Access, identityOfConnection } from './access.ts';
import { findIndexCandidates, type IndexActionId, type IndexCandidate } from './index-candidates.ts';
import { sameButName } from './index-definition.ts';
import type { IndexFacts } from './index-facts.ts';
import { actionWords, draftIndexPlan, sizeOf } from './index-plan.ts';
import { membersOf } from './index-recheck.ts';
import { indexByOid } from './index-state.ts';
import { type IndexSurvey, surveyIndexes } from './index-survey.ts';
import { subjectOf } from './subject.ts';

/** Evidence has a size; the rest is found again by the runs that it becomes. */
const mostInEvidence = 20;

/** What one action could be done with now, largest first. A database that cannot be read is said and left out. */
export async function findIndexes(
  access: Access,
  action: IndexActionId,
  request: FindRequest,
  { signal, evidence }: OperationContext,
): Promise<readonly Candidate[]> {
  const { input } = access;
  const all = await access.reading(undefined, signal, (connection) =>
    discoverDatabases(connection, input.options.databases, [], signal),
  );
  const asked = all.databases.filter((name) => name === request.subject);
  const found: { readonly candidate: Candidate; readonly bytes: number }[] = [];
  for (const database of asked.length > 0 ? asked : all.databases) {
    try {
      await access.reading(database, signal, async (connection) => {
        const survey = await surveyIndexes(input, connection, signal);
        for (const each of findIndexCandidates(survey)) {
          if (each.action !== action || !(await isExact(connection, each, signal))) continue;
          found.push({ candidate: candidateOf(survey, each), bytes: each.index.bytes });
        }
      });
    } catch (thrown) {
      if (!(thrown instanceof CollectError) || signal.aborted) throw thrown;
      const title = `database ${JSON.stringify(database)} could not be read: ${thrown.message}`;
      evidence({ kind: 'catalogue', title, body: { database, code: thrown.code } });
    }
  }
  const chosen = found
    .filter(({ candidate }) => request.only === undefined || candidate.subject === request.only)
    .toSorted((one, other) => other.bytes - one.bytes)
    .slice(0, request.limit)
    .map(({ candidate }) => candidate);
  if (chosen.length > 0)
    evidence({
      kind: 'statistics',
      title: `${actionWords[action].verb}: ${chosen.length} of ${found.length}`,
      body: { candidates: chosen.slice(0, mostInEvidence).map(({ title, facts }) => ({ title, ...facts })) },
    });
  return chosen;
}

/** Catalogs alone do not show every option of an index; its definition does. One whose table is locked is left for another time. */
async function isExact(
  connection: Connection,
  { index, twin }: IndexCandidate,
  signal: AbortSignal,
): Promise<boolean> {
  if (twin === undefined) return true;
  try {
    const [one, other] = [
      await indexByOid(connection, index.oid, signal),
      await indexByOid(connection, twin.oid, signal),
    ];
    return one !== undefined && other !== undefined && (await sameButName(one.definition, other.definition));
  } catch (thrown) {
    if (thrown instanceof CollectError && thrown.code === 'locked') return false;
    throw thrown;
  }
}

function candidateOf(survey: IndexSurvey, { action, index, judged, twin, why }: IndexCandidate): Candidate {
  const subject = subjectOf(survey.database, index.schema, index.name);
  const facts: JsonObject = {
    database: survey.database,
    oid: index.oid,
    schema: index.schema,
    name: index.name,
    table: index.table,
    bytes: index.bytes,
    scans: index.scans,
    verdict: judged.verdict,
    reasons: judged.reasons,
    watchedSince: judged.proof.watchedSince ?? null,
    lastUsedAt: judged.proof.lastUsedAt ?? index.lastScanAt ?? null,
    twin: twin?.name ?? null,
    members: membersOf(survey, index.oid).map((each) => ({ ...each })),
  };
  return {
    action,
    subject,
    title: `${actionWords[action].verb} ${subject} (${sizeOf(index.bytes)}): ${why}`,
    facts,
  };
}

const candidateFacts = z.object({ database: z.string(), oid: z.string() });

/** Looks again and writes the plan; a refusal when the reason is gone. */
export async function planIndexChange(
  access: Access,
  action: IndexActionId,
  candidate: Candidate,
  { signal, evidence }: OperationContext,
): Promise<PlanDraft | Refusal> {
  const { database, oid } = candidateFacts.parse(candidate.facts);
  return access.reading(database, signal, async (connection) => {
    const survey = await surveyIndexes(access.input, connection, signal);
    const found = findIndexCandidates(survey).find(
      (each) => each.index.oid === oid && each.action === action,
    );
    if (found === undefined) return gone(candidate);
    const state = await indexByOid(connection, oid, signal).catch((thrown: unknown) => {
      if (thrown instanceof CollectError && thrown.code === 'locked') return 'locked' as const;
      throw thrown;
    });
    if (state === 'locked')
      return {
        id: 'not_locked',
        text: `the table of ${candidate.subject} is locked by others: try again when they are done`,
      };
    const twin = found.twin === undefined ? undefined : await indexByOid(connection, found.twin.oid, signal);
    if (state === undefined || (found.twin !== undefined && twin === undefined)) return gone(candidate);
    if (twin !== undefined && !(await sameButName(twin.definition, state.definition))) return gone(candidate);
    const { tableRows, tableOid, table, bytes, definition, comment, tablespace, scans } = state;
    const facts: IndexFacts = {
      database,
      databaseOid: survey.databaseOid,
      serverStartedAt: survey.serverStartedAt,
      oid,
      schema: state.schema,
      name: state.name,
      table,
      tableOid,
      tableRows,
      bytes,
      state: state.state,
      definition,
      comment,
      tablespace,
      scans,
      twin: twin === undefined ? null : { oid: twin.oid, name: twin.name, definition: twin.definition },
      watchedSince: found.judged.proof.watchedSince ?? null,
      members: membersOf(survey, oid).map((each) => ({ ...each })),
    };
    evidence({
      kind: 'catalogue',
      title: `definition of ${candidate.subject}, saved to build it again`,
      body: { definition, comment, tablespace, bytes, tableRows, scans, state: state.state },
    });
    const identity = await identityOfConnection(connection, signal);
    const { standbys } = survey;
    return draftIndexPlan({ input: access.input, action, facts, identity, standbys, why: found.why });
  });
}

function gone({ subject }: Candidate): Refusal {
  return {
    id: 'ground_changed',
    text: `there is no reason any more to change ${subject}: it changed since it was found`,
  };
}
