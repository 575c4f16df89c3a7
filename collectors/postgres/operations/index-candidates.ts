import type { Overlap } from '../index-overlap.ts';
import type { IndexFlag, IndexRow } from '../index-rows.ts';
import type { JudgedIndex } from '../index-verdicts.ts';
import { explainVerdict, type IndexSurvey } from './index-survey.ts';

export const indexActionIds = [
  'drop_unused_index',
  'drop_duplicate_index',
  'drop_invalid_index',
  'finish_drop',
  'rebuild_invalid_index',
] as const;
export type IndexActionId = (typeof indexActionIds)[number];

/** An index that something can be done about, and why. */
export interface IndexCandidate {
  readonly action: IndexActionId;
  readonly index: IndexRow;
  readonly judged: JudgedIndex;
  /** The equal index that stays. */
  readonly twin: IndexRow | undefined;
  /** For a person. */
  readonly why: string;
}

/** Whatever its use, such an index is never dropped. */
const neverDropped: readonly IndexFlag[] = [
  'primary',
  'unique',
  'exclusion',
  'replica_identity',
  'clustered',
  'constraint_backing',
  'partition_member',
  'extension_owned',
];
/** Copies of such an index are not cleared away: it belongs to something else. */
const neverCleared: readonly IndexFlag[] = ['primary', 'exclusion', 'constraint_backing', 'extension_owned'];

/** What can be done about the indexes of one database now, largest first; each index once. Pure. */
export function findIndexCandidates(survey: IndexSurvey): readonly IndexCandidate[] {
  if (survey.inRecovery) return [];
  const twins = new Map(
    survey.overlaps.flatMap((each) => {
      if (each.kind !== 'duplicate') return [];
      const { goes, stays } = whichStays(survey, each);
      return [[goes.oid, stays] as const];
    }),
  );
  return survey.indexes.flatMap((index) => {
    if (survey.busy.has(index.oid)) return [];
    const found = classify(survey, index, twins.get(index.oid));
    // Somebody builds on its table: an index that is not valid may be theirs.
    return found === undefined || (isBroken(index) && survey.busy.has(index.tableOid)) ? [] : [found];
  });
}

/**
 * Of two equal indexes the planner takes one. Were that one dropped as the duplicate, the other's long record of non-use would speak
 * against it, too: what is used stays, whichever may be dropped at all.
 */
function whichStays(
  survey: IndexSurvey,
  { index, coveredBy }: Pick<Overlap, 'index' | 'coveredBy'>,
): { readonly goes: IndexRow; readonly stays: IndexRow } {
  const uses = ({ oid, scans }: IndexRow): number =>
    survey.members.reduce((most, { indexes }) => Math.max(most, indexes.get(oid)?.scans ?? 0), scans);
  return isDroppable(coveredBy) && uses(index) > uses(coveredBy)
    ? { goes: coveredBy, stays: index }
    : { goes: index, stays: coveredBy };
}

function classify(
  survey: IndexSurvey,
  index: IndexRow,
  twin: IndexRow | undefined,
): IndexCandidate | undefined {
  const judged = survey.judge(index);
  if (isBroken(index)) return classifyBroken(survey, index, judged);
  if (twin !== undefined && isDroppable(index) && index.expressions === undefined) {
    const why = `it repeats ${twin.name} exactly, which stays`;
    return { action: 'drop_duplicate_index', index, judged, twin, why };
  }
  if (judged.verdict !== 'unused') return undefined;
  return {
    action: 'drop_unused_index',
    index,
    judged,
    twin: undefined,
    why: 'no member used it for the whole window',
  };
}

function isBroken({ flags }: IndexRow): boolean {
  return flags.has('invalid') || flags.has('not_ready');
}

function isDroppable({ flags }: IndexRow, except?: IndexFlag): boolean {
  return !neverDropped.some((flag) => flag !== except && flags.has(flag));
}

/** What REINDEX CONCURRENTLY leaves when it is interrupted: the new copy, or the old one after the exchange. */
const leftOver = /_cc(new|old)\d*$/;

/**
 * What an index that is not valid was meant to be is not in the catalogue. A build that failed is neither valid nor ready; it is dropped.
 * One that is ready and not valid is a drop that was interrupted, or a build that failed at its end: when it is proven that nobody used it,
 * the drop is finished; otherwise it is built again, which mends both.
 */
function classifyBroken(
  survey: IndexSurvey,
  index: IndexRow,
  judged: JudgedIndex,
): IndexCandidate | undefined {
  const { flags, name } = index;
  const base = { index, judged, twin: undefined };
  const original = leftOver.test(name) ? originalOf(survey, index) : undefined;
  const isLeftOver = original !== undefined && !neverCleared.some((flag) => flags.has(flag));
  if (isLeftOver)
    return {
      ...base,
      action: 'drop_invalid_index',
      why: `an interrupted REINDEX of ${original.name} left it behind`,
    };
  if (flags.has('not_ready') && isDroppable(index, 'unique')) {
    // A unique index enforces nothing before it is ready.
    const why = 'its build or drop failed; queries and writes ignore it';
    return { ...base, action: 'drop_invalid_index', why };
  }
  if (
    isDroppable(index) &&
    judged.proof.reasons.length === 0 &&
    !survey.isTruncated &&
    isOnlyBroken(judged)
  ) {
    const why = 'a drop was interrupted, and no member used it for the whole window';
    return { ...base, action: 'finish_drop', why };
  }
  // Taking a rebuild back is dropping it. The alert of invalid indexes calls a person for these.
  if (!isDroppable(index)) return undefined;
  const why = `it is not valid, so queries ignore it while writes maintain it, and it may be needed: ${explainVerdict(judged)}`;
  return { ...base, action: 'rebuild_invalid_index', why };
}

/** Nothing else speaks for keeping it than that it is not valid. */
function isOnlyBroken({ reasons }: JudgedIndex): boolean {
  return reasons.every((reason) => reason === 'invalid' || reason === 'not_ready');
}

function originalOf({ indexes }: IndexSurvey, index: IndexRow): IndexRow | undefined {
  const name = index.name.replace(leftOver, '');
  // The server cuts a long name to make room for the suffix.
  return indexes.find(
    (other) =>
      other.tableOid === index.tableOid &&
      !isBroken(other) &&
      (other.name === name || (Buffer.byteLength(index.name) >= 60 && other.name.startsWith(name))),
  );
}
