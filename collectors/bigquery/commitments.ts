import type { CommitmentChange, PresentCommitment } from './queries/capacity-commitments.ts';

/** Slots that were paid for over a time, used or not. */
export interface Commitment {
  readonly edition: string;
  readonly plan: string;
  readonly slots: number;
  /** Unix time in milliseconds; infinite where no beginning or end is known. */
  readonly from: number;
  readonly to: number;
}

/**
 * What was committed to, and when: a commitment that was bought today was not paid for yesterday, and one that ended is still part of its
 * month. Where changes do not reach back, what was first seen is taken to have been so before.
 */
export function commitmentsOver(
  present: readonly PresentCommitment[],
  changes: readonly CommitmentChange[],
): readonly Commitment[] {
  const byId = Map.groupBy(changes, ({ id }) => id);
  const unchanged = present
    .filter(({ id }) => !byId.has(id))
    .map((each) => spanOf(each, -Infinity, Infinity));
  const changed = [...byId].flatMap(([id, those]) => {
    const now = present.find((each) => each.id === id);
    const ordered = those.toSorted((a, b) => a.changed_ms - b.changed_ms);
    return spansOf(ordered, now);
  });
  return [...unchanged, ...changed].filter(({ slots, from, to }) => slots > 0 && from < to);
}

function spansOf(
  ordered: readonly CommitmentChange[],
  now: PresentCommitment | undefined,
): readonly Commitment[] {
  const [first] = ordered;
  const before =
    first === undefined || first.action === 'CREATE' || first.state !== 'ACTIVE'
      ? []
      : [spanOf(first, -Infinity, first.changed_ms)];
  const after = ordered.flatMap((change, index) => {
    const next = ordered[index + 1];
    if (next === undefined && now !== undefined) return [spanOf(now, change.changed_ms, Infinity)];
    const isActive = change.action !== 'DELETE' && change.state === 'ACTIVE';
    return isActive ? [spanOf(change, change.changed_ms, next?.changed_ms ?? Infinity)] : [];
  });
  return [...before, ...after];
}

function spanOf({ edition, plan, slots }: PresentCommitment, from: number, to: number): Commitment {
  return { edition, plan, slots, from, to };
}

/** How much of a time a commitment lasted, in milliseconds. */
export function overlapMs({ from, to }: Commitment, start: number, lengthMs: number): number {
  return Math.max(0, Math.min(to, start + lengthMs) - Math.max(from, start));
}
