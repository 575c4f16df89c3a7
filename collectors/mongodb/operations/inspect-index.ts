import type { Inspection } from '../../../src/sdk.ts';
import type { CollectionSight } from './sightings.ts';
import { sightsOf } from './sightings.ts';

/** An index that an act is about, as it was planned. */
export interface PlannedIndex {
  readonly index: string;
  /** Hash of fields and options: another one is another index, whatever its name. */
  readonly shape: string;
}

/** What each member has, sorted into what an act asks for. */
interface Tally {
  readonly done: readonly string[];
  readonly pending: readonly string[];
  /** Something else of this name, or a build that has not ended. */
  readonly other: readonly string[];
  readonly between: readonly string[];
  readonly unread: readonly string[];
}

/** Whether an index is hidden on every member. Pending: visible on every member. */
export function inspectHidden(sight: CollectionSight, planned: PlannedIndex): Inspection {
  const { seen, missing } = sightsOf(sight, planned.index);
  const same = seen.filter(({ seen: { spec } }) => spec.shape === planned.shape);
  const inspection = conclude(
    {
      done: namesOf(same.filter(({ seen: { spec } }) => spec.flags.has('hidden'))),
      pending: namesOf(same.filter(({ seen: { spec } }) => !spec.flags.has('hidden'))),
      other: namesOf(seen.filter((each) => !same.includes(each))),
      between: missing,
      unread: [...sight.unread.keys()],
    },
    { done: 'hidden', pending: 'visible' },
  );
  const isGone = seen.length === 0;
  return isGone
    ? { state: 'other', detail: `the index is on no member that answers${tail(sight)}` }
    : inspection;
}

/** Whether an index is gone from every member. Pending: every member has it. */
export function inspectGone(sight: CollectionSight, planned: PlannedIndex): Inspection {
  const { seen, missing } = sightsOf(sight, planned.index);
  const same = seen.filter(({ seen: { spec } }) => spec.shape === planned.shape);
  const building = same.filter(({ seen: { spec } }) => spec.flags.has('building'));
  return conclude(
    {
      // The collection itself may be gone, and its last index with it.
      done: missing.length === 0 && seen.length === 0 ? ['every member'] : missing,
      pending: namesOf(same.filter((each) => !building.includes(each))),
      other: namesOf(seen.filter((each) => !same.includes(each))),
      between: namesOf(building),
      unread: [...sight.unread.keys()],
    },
    { done: 'gone', pending: 'there' },
  );
}

/** Whether every member has an index and has finished building it. Pending: none has it. */
export function inspectBuilt(sight: CollectionSight, planned: PlannedIndex): Inspection {
  const { seen, missing } = sightsOf(sight, planned.index);
  const same = seen.filter(({ seen: { spec } }) => spec.shape === planned.shape);
  const building = same.filter(({ seen: { spec } }) => spec.flags.has('building'));
  return conclude(
    {
      done: namesOf(same.filter((each) => !building.includes(each))),
      pending: missing,
      other: namesOf(seen.filter((each) => !same.includes(each))),
      between: namesOf(building),
      unread: [...sight.unread.keys()],
    },
    { done: 'there', pending: 'not there' },
  );
}

function conclude(
  { done, pending, other, between, unread }: Tally,
  words: { readonly done: string; readonly pending: string },
): Inspection {
  const parts = [
    [words.done, done],
    [words.pending, pending],
    ['another definition', other],
    ['building or missing', between],
    ['not read', unread],
  ] as const;
  const detail = parts
    .filter(([, names]) => names.length > 0)
    .map(([word, names]) => `${word} on ${names.join(', ')}`)
    .join('; ');
  if (other.length > 0) return { state: 'other', detail };
  if (done.length === 0 && between.length === 0) return { state: 'pending', detail };
  // Whoever was not read has not confirmed it.
  const isWhole = pending.length === 0 && between.length === 0 && unread.length === 0;
  return { state: isWhole ? 'done' : 'half_applied', detail };
}

function namesOf(seen: readonly { readonly member: { readonly name: string } }[]): readonly string[] {
  return seen.map(({ member }) => member.name);
}

function tail({ unread }: CollectionSight): string {
  return unread.size === 0 ? '' : `; not read: ${[...unread.keys()].join(', ')}`;
}
