import { type ClusterWatch, type DetailRow, type IndexProof, type UseReason } from '../../src/sdk.ts';
import type { IndexFlag, IndexRow } from './index-rows.ts';

/**
 * Why an index stays, whatever its use.
 *
 * - `primary`, `unique`, `exclusion`: it enforces a rule; checking it is not counted as use.
 * - `replica_identity`, `clustered`: another feature refers to it.
 * - `constraint_backing`: a constraint, of this table or of one that refers to it, depends on it.
 * - `partition_member`: part of a partitioned index; it cannot be dropped alone.
 * - `extension_owned`: it or its table belongs to an extension.
 * - `invalid`, `not_ready`: queries cannot use it, so its use says nothing; it is counted as invalid instead.
 * - `unlogged`: standbys cannot read its table.
 * - `expression_index`: the planner takes statistics of the expression from it.
 * - `only_index_for_foreign_key`: without it, deleting a referenced row would scan the table.
 */
export type KeepReason = IndexFlag | 'expression_index' | 'only_index_for_foreign_key';

/** `list_truncated`: the indexes or foreign keys are more than `maxRows`, and one left out may be what this index is for. */
export type IndexReason = KeepReason | UseReason | 'list_truncated';

/** Kept whatever its use; used within the window; not proven; proven unused by every member. */
export const indexVerdicts = ['unused', 'unproven', 'kept', 'used'] as const;
export type Verdict = (typeof indexVerdicts)[number];

export interface JudgedIndex {
  readonly index: IndexRow;
  readonly verdict: Verdict;
  readonly reasons: readonly IndexReason[];
  readonly proof: IndexProof;
}

/** What indexes are judged by, beside themselves. */
export interface Evidence {
  readonly watch: ClusterWatch;
  /** Oids of the indexes that the listed foreign keys need. */
  readonly neededByForeignKeys: ReadonlySet<string>;
  /** Whether a cap cut the list of indexes or of foreign keys. */
  readonly isTruncated: boolean;
}

export function judgeIndex(
  index: IndexRow,
  { watch, neededByForeignKeys, isTruncated }: Evidence,
): JudgedIndex {
  const keep: KeepReason[] = [...index.flags];
  if (index.expressions !== undefined) keep.push('expression_index');
  if (neededByForeignKeys.has(index.oid)) keep.push('only_index_for_foreign_key');
  const proof = watch.judge(index.oid);
  const doubts: IndexReason[] = [...proof.reasons, ...(isTruncated ? (['list_truncated'] as const) : [])];
  const kept: readonly IndexReason[] = keep;
  // Not spread into a new array, which would have room for sixteen: rows are kept until the next reading.
  const reasons = kept.concat(doubts);
  return { index, verdict: verdictOf(keep, doubts), reasons, proof };
}

function verdictOf(keep: readonly KeepReason[], reasons: readonly IndexReason[]): Verdict {
  if (keep.length > 0) return 'kept';
  if (reasons.includes('used') || reasons.includes('used_on_member')) return 'used';
  return reasons.length > 0 ? 'unproven' : 'unused';
}

/** Most important first: proven, then unproven, each by size. */
export function byImportance(one: JudgedIndex, other: JudgedIndex): number {
  const rank = ({ verdict }: JudgedIndex): number => indexVerdicts.indexOf(verdict);
  return rank(one) - rank(other) || other.index.bytes - one.index.bytes;
}

/** A row for reports and the API; times are Unix time in milliseconds. */
export function verdictRow(database: string, { index, verdict, reasons, proof }: JudgedIndex): DetailRow {
  return {
    database,
    schema: index.schema,
    table: index.table,
    index: index.name,
    oid: index.oid,
    verdict,
    reasons,
    bytes: index.bytes,
    scans: index.scans,
    watchedSince: proof.watchedSince ?? null,
    lastUsedAt: proof.lastUsedAt ?? index.lastScanAt ?? null,
    method: index.method,
    keyAttributes: index.keys,
    includedAttributes: index.included,
    partial: index.predicate !== undefined,
    constraint: index.constraint ?? null,
    tableRows: index.tableRows < 0 ? null : index.tableRows,
  };
}
