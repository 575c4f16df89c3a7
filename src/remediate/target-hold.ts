import { targetLease } from '../core/remediation/fencing.ts';
import { holdLease, type LeaseHold } from './lease-hold.ts';
import type { Parts } from './parts.ts';

/** What the holder of a target may rely on. */
export type TargetHold = LeaseHold;

/** Works while no other agent, and no other run, may change this target; undefined while somebody else holds it. */
export function holdTarget<T>(
  parts: Parts,
  target: string,
  signal: AbortSignal,
  work: (hold: TargetHold) => Promise<T>,
): Promise<T | undefined> {
  return holdLease(parts, { name: targetLease(target), what: target, signal }, work);
}
