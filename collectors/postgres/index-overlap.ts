import type { IndexFlag, IndexRow } from './index-rows.ts';

/** An index that another one makes superfluous. */
export interface Overlap {
  readonly kind: 'duplicate' | 'redundant';
  readonly index: IndexRow;
  /** The index that stays and does its work. */
  readonly coveredBy: IndexRow;
}

/** Flags that make an index worth more than its columns: of two equal ones, the one with more of these stays. */
const weighty: readonly IndexFlag[] = [
  'primary',
  'replica_identity',
  'constraint_backing',
  'clustered',
  'unique',
];

const leftOut: readonly IndexFlag[] = ['invalid', 'not_ready', 'partition_member'];

/**
 * Indexes that repeat another one of the same table exactly, or whose columns are the leading columns of another b-tree. Leaves of
 * partitioned indexes are left out, because they follow their parent; so is whatever is not valid.
 */
export function findOverlaps(indexes: readonly IndexRow[]): readonly Overlap[] {
  const byTable = new Map<string, IndexRow[]>();
  for (const index of indexes) {
    if (leftOut.some((flag) => index.flags.has(flag))) continue;
    const siblings = byTable.get(index.tableOid);
    if (siblings === undefined) byTable.set(index.tableOid, [index]);
    else siblings.push(index);
  }
  return [...byTable.values()].flatMap(overlapsOfTable);
}

function overlapsOfTable(indexes: readonly IndexRow[]): readonly Overlap[] {
  const found: Overlap[] = [];
  const kept = new Map<string, IndexRow>();
  for (const index of [...indexes].sort(byWeight)) {
    const form = shape(index);
    const twin = kept.get(form);
    if (twin === undefined) kept.set(form, index);
    else found.push({ kind: 'duplicate', index, coveredBy: twin });
  }
  const different = [...kept.values()];
  for (const index of different) {
    const longer = different.find((other) => leads(index, other));
    if (longer !== undefined) found.push({ kind: 'redundant', index, coveredBy: longer });
  }
  return found;
}

/** What has to stay comes first, then the older one. */
function byWeight(one: IndexRow, other: IndexRow): number {
  const weight = (index: IndexRow): number =>
    weighty.reduce((sum, flag, at) => sum + (index.flags.has(flag) ? 2 ** (weighty.length - at) : 0), 0);
  return weight(other) - weight(one) || Number(one.oid) - Number(other.oid);
}

/** Equal for indexes that hold the same entries in the same order. Uniqueness is a rule, not a shape. */
function shape(index: IndexRow): string {
  const { method, keys, included, keyRules, expressions, predicate } = index;
  return JSON.stringify([method, keys, included, keyRules, expressions ?? '', predicate ?? '']);
}

/** Whether every lookup in the index can be done in the other, longer one as well. */
function leads(index: IndexRow, other: IndexRow): boolean {
  const mustStay = weighty.some((flag) => index.flags.has(flag)) || index.flags.has('exclusion');
  if (mustStay || index === other || index.method !== 'btree' || other.method !== 'btree') return false;
  if (index.expressions !== undefined || index.predicate !== other.predicate) return false;
  const columns = new Set([...other.keys, ...other.included]);
  return (
    index.keys.length < other.keys.length &&
    index.keys.every((key, at) => key === other.keys[at] && index.keyRules[at] === other.keyRules[at]) &&
    index.included.every((column) => columns.has(column))
  );
}
