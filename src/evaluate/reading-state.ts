import type { UnknownReason } from '../core/judgement.ts';
import type { GroupReading, Snapshot } from '../core/snapshot.ts';
import type { Bound } from './bound.ts';
import { type Observation, unknown } from './observation.ts';

/** What a snapshot says about the group that an objective is read by. */
export interface ReadingState {
  /** Undefined when nothing was read. */
  readonly reading: GroupReading | undefined;
  readonly reason: UnknownReason;
  readonly detail: string;
}

/**
 * @param wasRead the group was in a snapshot before, since the agent started.
 * @param isRecorded the reading is of what Reeve itself recorded: it does not matter whether the target can be reached.
 */
export function readingState(
  snapshot: Snapshot,
  group: string,
  wasRead: boolean,
  isRecorded = false,
): ReadingState {
  if (!snapshot.up && !isRecorded) {
    return { reading: undefined, reason: 'unreachable', detail: snapshot.failure?.message ?? '' };
  }
  const reading = snapshot.readings.find((one) => one.group === group);
  if (reading?.state === 'failed') {
    return { reading: undefined, reason: 'collection_failed', detail: reading.errors[0]?.message ?? '' };
  }
  if (reading !== undefined) return { reading, reason: 'not_reported', detail: '' };
  if (snapshot.target.groups[group]?.enabled === false) {
    const detail = `reading ${group} is switched off in the configuration`;
    return { reading: undefined, reason: 'not_collected', detail };
  }
  return wasRead
    ? { reading: undefined, reason: 'collection_failed', detail: `the reading of ${group} is too old` }
    : { reading: undefined, reason: 'not_collected', detail: '' };
}

/**
 * Why nothing is known of a subject that no sample speaks of.
 *
 * @param isLone the reading speaks of no other subject either: what failed in it, such as a region or a node, may be why.
 * @param untilKnown why that is so for weeks, where it is.
 */
export function missing(
  { reading, reason, detail }: ReadingState,
  subject: string,
  bound: Bound,
  {
    isLone = false,
    untilKnown,
  }: { readonly isLone?: boolean; readonly untilKnown?: string | undefined } = {},
): Observation {
  if (reading === undefined) return unknown(reason, detail, bound);
  const error = reading.errors.find((one) => concerns(one.subject, subject));
  if (error !== undefined) return unknown('collection_failed', error.message, bound);
  if (untilKnown !== undefined) return unknown('too_little_history', untilKnown, bound, 'absent');
  const [first] = reading.errors;
  return isLone && first !== undefined
    ? unknown('collection_failed', first.message, bound)
    : unknown('not_reported', detail, bound, 'absent');
}

/**
 * An error about a database concerns all that is in it, and one about a region of a project the project; one about everything, or any when
 * no subject is known, concerns all.
 */
function concerns(failed: string, subject: string): boolean {
  if (failed === '' || subject === '' || failed === subject) return true;
  if (failed.startsWith(`${subject}/`) || subject.startsWith(`${failed}/`)) return true;
  return subject.split('/').includes(failed);
}
