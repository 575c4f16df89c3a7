import type { DetailRow, IndexProof, UseReason } from '../../src/sdk.ts';
import {
  type IndexField,
  type IndexFlag,
  type IndexSpec,
  isOrderKnown,
  keyText,
  leads,
} from './index-spec.ts';

/**
 * Why an index stays, whatever its use.
 *
 * - `id`: the index on `_id`; it cannot be dropped.
 * - `unique`: it enforces a rule (`prepareUnique` is about to); checking it is not counted as use.
 * - `ttl`: it deletes what expired; that is not counted as use.
 * - `partial`, `sparse`: a query that names it by `hint` gets other results or an error without it.
 * - `clustered`: it is the collection itself.
 * - `hidden`: the planner may not use it, so its use says nothing; it is counted as hidden instead.
 * - `building`: it is not ready yet.
 * - `shard_key`: it begins with the shard key, or is its beginning; `shard_key_unknown`: the shard keys could not be read.
 * - `only_of_its_kind`: the only text, 2d, 2dsphere or wildcard index of its collection: some queries fail without it.
 * - `listed`: the operator keeps it (`keepIndexes`).
 */
export type KeepReason = IndexFlag | 'shard_key' | 'shard_key_unknown' | 'only_of_its_kind' | 'listed';

/** `collection_not_read`: an index of this collection could not be read on some member, so the member may use it. */
export type IndexReason = KeepReason | UseReason | 'collection_not_read';

/** Kept whatever its use; used within the window; not proven; proven unused by every member of every shard. */
export const indexVerdicts = ['unused', 'unproven', 'kept', 'used'] as const;
export type Verdict = (typeof indexVerdicts)[number];

/** One index over all members of all shards that have it. */
export interface ClusterIndex {
  readonly collection: string;
  readonly spec: IndexSpec;
  /** Shards that have it; one name for a replica set or a standalone. */
  readonly shards: readonly string[];
  /** Uses that all members together count now. */
  readonly ops: number;
  /** Since when every member counts, Unix time in milliseconds: the latest `since`. */
  readonly countedSince: number;
}

export interface JudgedIndex extends ClusterIndex {
  readonly verdict: Verdict;
  readonly reasons: readonly IndexReason[];
  /** Since when every member is watched, and the last use that any of them saw, Unix time in milliseconds. */
  readonly watchedSince: number | undefined;
  readonly lastUsedAt: number | undefined;
  /** No member has counted a use for a week or more; says less than a proof. */
  readonly isCandidate: boolean;
}

/** What the indexes of one collection are judged by, beside their use. */
export interface KeepRules {
  /** Undefined for a collection that is not sharded; `unknown` where that could not be read. */
  readonly shardKey: readonly IndexField[] | 'unknown' | undefined;
  /** Whether the operator keeps this index. */
  isListed(collection: string, index: string): boolean;
}

/** Atlas asks for as long before it calls an index unused. */
export const candidateAfterMs = 7 * 86_400_000;

/** Why indexes of a collection stay. `siblings` are all its indexes, this one too. */
export function keepReasons(
  collection: string,
  spec: IndexSpec,
  siblings: readonly IndexSpec[],
  rules: KeepRules,
): readonly KeepReason[] {
  const reasons: KeepReason[] = [...spec.flags];
  const { shardKey } = rules;
  if (shardKey === 'unknown') reasons.push('shard_key_unknown');
  else if (shardKey !== undefined && serves(spec.fields, shardKey)) reasons.push('shard_key');
  if (isOnlyOfItsKind(spec, siblings)) reasons.push('only_of_its_kind');
  if (rules.isListed(collection, spec.name)) reasons.push('listed');
  return reasons;
}

/** Whether an index begins with the shard key or is its beginning; where an order is not known, whether it may be so. */
function serves(fields: readonly IndexField[], shardKey: readonly IndexField[]): boolean {
  if (isOrderKnown(fields) && isOrderKnown(shardKey))
    return leads(shardKey, fields) || leads(fields, shardKey);
  return fields.some(({ name }) => shardKey.some((field) => field.name === name));
}

/** Joins the proofs of all shards that have the index: one shard's use is use. */
export function judgeIndex(
  index: ClusterIndex,
  keep: readonly KeepReason[],
  proofs: readonly IndexProof[],
  doubts: readonly IndexReason[],
  now: number,
): JudgedIndex {
  const uses = [...new Set([...proofs.flatMap((proof) => proof.reasons), ...doubts])];
  const watched = proofs.map(({ watchedSince }) => watchedSince);
  const known = watched.filter((time) => time !== undefined);
  const verdict = verdictOf(keep, uses, proofs);
  return {
    ...index,
    verdict,
    reasons: [...keep, ...uses],
    watchedSince: known.length === 0 || known.length < watched.length ? undefined : Math.max(...known),
    lastUsedAt: latest(proofs.map(({ lastUsedAt }) => lastUsedAt)),
    isCandidate: verdict === 'unproven' && index.ops === 0 && now - index.countedSince >= candidateAfterMs,
  };
}

/** Most important first: proven, then unproven, each from the least used and longest counted on. */
export function byImportance(one: JudgedIndex, other: JudgedIndex): number {
  const rank = ({ verdict, isCandidate }: JudgedIndex): number =>
    indexVerdicts.indexOf(verdict) * 2 + (isCandidate ? 0 : 1);
  return rank(one) - rank(other) || one.countedSince - other.countedSince;
}

/** A row for reports and the API; times are Unix time in milliseconds. `bytes` is null where the size was not read. */
export function verdictRow(database: string, index: JudgedIndex, bytes: number | undefined): DetailRow {
  const { collection, spec, verdict, reasons, ops, countedSince, watchedSince, lastUsedAt, shards } = index;
  return {
    database,
    collection,
    index: spec.name,
    key: keyText(spec.fields),
    shape: spec.shape,
    verdict,
    reasons,
    candidate: index.isCandidate,
    bytes: bytes ?? null,
    operations: ops,
    countedSince,
    watchedSince: watchedSince ?? null,
    lastUsedAt: lastUsedAt ?? null,
    shards,
  };
}

/** `database.collection.index`, where `*` stands for any text. */
export function keepPattern(patterns: readonly string[]): (fullName: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`, 's');
  });
  return (fullName) => expressions.some((expression) => expression.test(fullName));
}

function isOnlyOfItsKind({ special }: IndexSpec, siblings: readonly IndexSpec[]): boolean {
  if (special === undefined) return false;
  const usable = siblings.filter((sibling) => sibling.special === special && !sibling.flags.has('hidden'));
  return usable.length <= 1;
}

function verdictOf(
  keep: readonly KeepReason[],
  reasons: readonly IndexReason[],
  proofs: readonly IndexProof[],
): Verdict {
  if (keep.length > 0) return 'kept';
  if (reasons.includes('used') || reasons.includes('used_on_member')) return 'used';
  return reasons.length > 0 || proofs.length === 0 ? 'unproven' : 'unused';
}

/** Undefined when none is known. */
export function latest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
