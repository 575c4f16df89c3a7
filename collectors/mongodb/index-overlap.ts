import { type IndexSpec, isOrderKnown, leads } from './index-spec.ts';

/** An index whose every lookup a longer one of the same collection can do. */
export interface Overlap {
  readonly index: IndexSpec;
  readonly coveredBy: IndexSpec;
}

/** With one of these an index does something that a longer one does not do for it. */
const weighty = ['id', 'unique', 'ttl', 'clustered', 'hidden', 'building'] as const;

/**
 * Indexes whose fields are exactly the leading ones of another index of the collection, with the same collation, sparseness and filter.
 * What enforces something, is hidden or is being built is never counted; nor does a hidden or unfinished index cover another.
 */
export function findOverlaps(
  indexes: readonly IndexSpec[],
  isNeeded: (index: IndexSpec) => boolean,
): readonly Overlap[] {
  return indexes.flatMap((index) => {
    if (weighty.some((flag) => index.flags.has(flag)) || !isOrdered(index) || isNeeded(index)) return [];
    const coveredBy = indexes.find((other) => covers(other, index));
    return coveredBy === undefined ? [] : [{ index, coveredBy }];
  });
}

/** A unique index holds every entry as well, so it may be the one that covers. */
function covers(longer: IndexSpec, index: IndexSpec): boolean {
  return (
    longer.fields.length > index.fields.length &&
    leads(index.fields, longer.fields) &&
    isOrdered(longer) &&
    !longer.flags.has('hidden') &&
    !longer.flags.has('building') &&
    longer.flags.has('sparse') === index.flags.has('sparse') &&
    longer.collation === index.collation &&
    longer.filter === index.filter
  );
}

/** Text, geo, hashed and wildcard indexes have no order that a prefix could share; of others it may have been lost. */
function isOrdered({ fields, special }: IndexSpec): boolean {
  return (
    special === undefined && isOrderKnown(fields) && fields.every(({ kind }) => kind === '1' || kind === '-1')
  );
}
