import { CollectError } from '../../src/sdk.ts';
import {
  at,
  booleanAt,
  type Document,
  documentAt,
  listAt,
  numberAt,
  textAt,
  timeAt,
  timestampCount,
  timestampSeconds,
} from './document.ts';

/** A member's own account of itself and of the others. @see https://www.mongodb.com/docs/manual/reference/command/replSetGetStatus/ */
export interface ReplicaStatus {
  /** `PRIMARY`, `SECONDARY`, `STARTUP2` … */
  readonly state: string;
  readonly term: number | undefined;
  /** Unix time in milliseconds at which the last operation it has applied was written on a primary; undefined before the first. */
  readonly applied: Optime;
  /** The newest operation that a majority has, as above. */
  readonly committedMs: number | undefined;
  /** When it last heard from each other member, in milliseconds before its answer; a member it never heard from is missing. */
  readonly heardAgoMs: ReadonlyMap<string, number>;
  /** Whether it hears another member that is primary. */
  readonly hearsPrimary: boolean;
  /** When the answer came, in milliseconds that only grow. */
  readonly atMs: number;
}

/** The same moment twice: exactly, and as every version gives it. */
export interface Optime {
  /** `optimes.lastAppliedWallTime`, to the millisecond. */
  readonly wallMs: number | undefined;
  /** `optimeDate`, in whole seconds. */
  readonly dateMs: number | undefined;
  /** Its place among all operations of the set, whatever the clocks say; undefined where it is not told. */
  readonly place: Place | undefined;
}

/** Term, seconds and number within the second of an operation: of two, that of the later term, then of the later timestamp is newer. */
export type Place = readonly [number, number, number];

/** Below 0 when the first is older. */
export function comparePlaces(one: Place, other: Place): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}

const states: Readonly<Record<number, string>> = {
  0: 'STARTUP',
  1: 'PRIMARY',
  2: 'SECONDARY',
  3: 'RECOVERING',
  5: 'STARTUP2',
  6: 'UNKNOWN',
  7: 'ARBITER',
  8: 'DOWN',
  9: 'ROLLBACK',
  10: 'REMOVED',
};

/** @throws {CollectError} `malformed` when the answer does not say in which state the member is. */
export function parseReplicaStatus(answer: Document, member: string, atMs: number): ReplicaStatus {
  const state = states[numberAt(answer, 'myState') ?? -1];
  if (state === undefined)
    throw new CollectError('malformed', `replSetGetStatus on ${member} names no state that is known`);
  const members = listAt(answer, 'members');
  const self = members.find((each) => booleanAt(each, 'self') === true);
  return {
    state,
    term: numberAt(answer, 'term'),
    applied: {
      wallMs: timeAt(answer, 'optimes.lastAppliedWallTime'),
      dateMs: timeAt(self, 'optimeDate'),
      place: placeAt(answer, 'optimes.appliedOpTime'),
    },
    committedMs: timeAt(documentAt(answer, 'optimes'), 'lastCommittedWallTime'),
    heardAgoMs: heardAgo(members, timeAt(answer, 'date')),
    hearsPrimary: members.some(
      (each) => each !== self && numberAt(each, 'state') === 1 && numberAt(each, 'health') === 1,
    ),
    atMs,
  };
}

function placeAt(answer: Document, path: string): Place | undefined {
  const [term, ts] = [numberAt(answer, `${path}.t`), at(answer, `${path}.ts`)];
  const seconds = timestampSeconds(ts);
  const count = timestampCount(ts);
  return term === undefined || seconds === undefined || count === undefined
    ? undefined
    : [term, seconds, count];
}

function heardAgo(members: readonly Document[], dateMs: number | undefined): ReadonlyMap<string, number> {
  const ages = new Map<string, number>();
  for (const member of members) {
    const name = textAt(member, 'name')?.toLowerCase();
    const times = [timeAt(member, 'lastHeartbeat'), timeAt(member, 'lastHeartbeatRecv')];
    const heardMs = Math.max(...times.map((time) => time ?? Number.NEGATIVE_INFINITY));
    if (name === undefined || dateMs === undefined || !Number.isFinite(heardMs)) continue;
    ages.set(name, Math.max(0, dateMs - heardMs));
  }
  return ages;
}
