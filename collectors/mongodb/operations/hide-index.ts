import type { Action, Candidate, DetailRow, OperationContext, PlanDraft, Refusal } from '../../../src/sdk.ts';
import { type Document, isDocument } from '../document.ts';
import { indexActs } from './index-action.ts';
import { indexReading, recheckIndex, usedSince, verdictRow } from './index-checks.ts';
import { hideCommand } from './index-commands.ts';
import { type Composed, draftIndexPlan } from './index-draft.ts';
import { indexFacts } from './index-facts.ts';
import { inspectHidden } from './inspect-index.ts';
import type { Place } from './place.ts';
import { rehearseHide } from './rehearse-index.ts';
import { type IndexName, parseSubject, subjectOf } from './subject.ts';

/** Rows of each kind that one run keeps. */
const mostRows = 50;

/** Hides an index that is proven unused: the planner sees it no more, and it is back at once. */
export function hideIndex(place: Place): Action {
  return {
    id: 'hide_index',
    pipeline: 'index_management',
    summary: 'Hides an index that no member of any shard uses, as the reversible half of dropping it.',
    undoKind: 'immediate',
    changelog: 'schema',
    rehearsal: 'required',
    followUp: 'drop_hidden_index',
    find: async (request, context) => {
      keepFindings(place, context);
      explainUnproven(place, request.only, context);
      const rows = (indexReading(place)?.details['indexes'] ?? []).filter(
        ({ verdict }) => verdict === 'unused',
      );
      const candidates = rows
        .toSorted((one, other) => Number(other['bytes'] ?? 0) - Number(one['bytes'] ?? 0))
        .map(candidateOf);
      const isOfDatabase = rows.some(({ database }) => database === request.subject);
      return candidates
        .filter(({ facts }) => !isOfDatabase || facts['database'] === request.subject)
        .filter(({ subject }) => request.only === undefined || subject === request.only)
        .slice(0, request.limit);
    },
    plan: async (candidate, context) => {
      const row = verdictRow(place, nameOf(candidate.facts));
      const unproven: readonly Refusal[] =
        row?.['verdict'] === 'unused'
          ? []
          : [{ id: 'still_unused', text: `${candidate.subject} is not proven unused now` }];
      return draftIndexPlan(place, nameOf(candidate.facts), context, {
        action: 'hide_index',
        speaksAgainst: (never) => [...unproven, ...never],
        precondition: { id: 'still_unused', text: 'no member counted a use since the plan was made' },
        compose: (name) => composeHide(place, name, context.runId),
      });
    },
    rehearse: (draft, context) => rehearseHide(place, draft, context),
    recheck: async (plan, context) => {
      const { scene, refusals } = await recheckIndex(place, plan, context);
      const facts = indexFacts(plan);
      const row = verdictRow(place, facts);
      const isUsed = row !== undefined && row['verdict'] !== 'unused' && row['verdict'] !== 'kept';
      return [
        ...refusals,
        ...usedSince(scene, facts),
        ...(isUsed ? [{ id: 'still_unused', text: `${plan.subject} is not proven unused any more` }] : []),
      ];
    },
    ...indexActs(place, { inspect: inspectHidden, doubt: hiddenDoubt }),
  };
}

function composeHide(place: Place, name: IndexName, runId: string): Composed {
  const { lockTimeoutMs } = place.input.policy;
  const collection = `${name.database}.${name.collection}`;
  return {
    title: `hide ${subjectOf(name)}, which no member uses`,
    act: {
      id: 'hide',
      summary: `hide ${name.index} of ${collection} from the query planner`,
      statement: hideCommand(name, true, { runId, lockTimeoutMs }),
      undo: [hideCommand(name, false, { runId, lockTimeoutMs })],
      undoKind: 'immediate',
      locks: `exclusive on ${collection} for an instant; waits at most ${lockTimeoutMs} ms`,
    },
    cost: 'a change of the catalogue; the index goes on costing writes and space until it is dropped',
    estimatedMs: 1_000,
    expectation: {
      kind: 'not_slower',
      byAtLeast: 0,
      text: 'the index is hidden on every member, and reads of its collection do not get slower',
    },
    warnings: [
      ...windowWarning(place),
      'hiding begins the count of its uses anew: what was counted is kept as evidence of this run',
      'a query that names it by hint() fails while it is hidden',
    ],
  };
}

/** `{ok: 1}` alone proves nothing: the answer says what the index was and is, through mongos for each shard. */
function hiddenDoubt(answer: Document): string | undefined {
  const raw = answer['raw'];
  const answers = isDocument(raw) ? Object.values(raw).filter(isDocument) : [answer];
  return answers.length > 0 && answers.every((each) => each['hidden_new'] === true)
    ? undefined
    : 'the answer does not say hidden_new, so only what the members show counts';
}

function candidateOf(row: DetailRow): Candidate {
  const name = nameOf(row);
  const size = row['bytes'] === null ? 'unknown size' : `${String(row['bytes'])} bytes`;
  return {
    action: 'hide_index',
    subject: subjectOf(name),
    title: `${subjectOf(name)} (${String(row['key'])}, ${size}) is proven unused`,
    facts: row,
  };
}

function nameOf(row: Readonly<Record<string, unknown>>): IndexName {
  const text = (key: string): string => {
    const value = row[key];
    return typeof value === 'string' ? value : '';
  };
  return { database: text('database'), collection: text('collection'), index: text('index') };
}

/** Why an index that was asked for is no candidate. */
function explainUnproven(place: Place, only: string | undefined, { evidence }: OperationContext): void {
  const name = only === undefined ? undefined : parseSubject(only);
  const row = name === undefined ? undefined : verdictRow(place, name);
  if (row === undefined || row['verdict'] === 'unused') return;
  const reasons = Array.isArray(row['reasons']) ? row['reasons'].join(', ') : '';
  const title = `${only ?? ''} is not proven unused: ${String(row['verdict'])} (${reasons})`;
  evidence({ kind: 'precheck', title, body: { ...row } });
}

/** Figures that the proof rests on, and what else the review found: differences between shards, what is hidden, what overlaps. */
function keepFindings(place: Place, { evidence }: OperationContext): void {
  const reading = indexReading(place);
  if (reading === undefined) return;
  const {
    indexes = [],
    differing_indexes: differing = [],
    overlapping_indexes: overlapping = [],
  } = reading.details;
  const kinds = [
    ['statistics', 'indexes proven unused', indexes.filter(({ verdict }) => verdict === 'unused')],
    ['catalogue', 'indexes that differ between shards', differing],
    [
      'catalogue',
      'indexes that are hidden',
      indexes.filter(({ reasons }) => Array.isArray(reasons) && reasons.includes('hidden')),
    ],
    ['catalogue', 'indexes that another one covers', overlapping],
  ] as const;
  for (const [kind, title, rows] of kinds) {
    if (rows.length === 0) continue;
    const body = { readAt: reading.at, count: rows.length, rows: rows.slice(0, mostRows) };
    evidence({ kind, title: `${rows.length} ${title}`, body });
  }
}

function windowWarning({ input }: Place): PlanDraft['warnings'] {
  const days = Math.round(input.target.unusedAfterMs / 86_400_000);
  return days >= 100
    ? []
    : [
        `proven over ${days} days only (unusedAfter): what runs once a quarter was not seen; 100 days are usual`,
      ];
}
