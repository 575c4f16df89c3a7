import type { Lease } from '../core/ports/remediation-records.ts';
import { FenceError, targetLease } from '../core/remediation/fencing.ts';
import type { Parts } from './parts.ts';
import { passPoint } from './points.ts';

/** A dead agent's lease is free after this time. */
const leaseMs = 15_000;
const renewEveryMs = 5_000;

/** What the holder of a target may rely on. */
export interface TargetHold {
  readonly fence: number;
  /** Aborted when the lease is lost, and when the step is. */
  readonly signal: AbortSignal;
  /** Throws when the lease was lost: asked right before something is changed. */
  readonly assertHeld: () => Promise<void>;
}

/** Works while no other agent, and no other run, may change this target; undefined while somebody else holds it. */
export async function holdTarget<T>(
  parts: Parts,
  target: string,
  signal: AbortSignal,
  work: (hold: TargetHold) => Promise<T>,
): Promise<T | undefined> {
  const { input, records } = parts;
  const { clock, holder } = input;
  const lease = await records.takeLease(targetLease(target), holder, clock.now(), leaseMs);
  if (lease === undefined) return undefined;
  passPoint(parts, `holding ${target}`);
  const ended = new AbortController();
  const lost = new AbortController();
  const renewing = renew(parts, lease, ended.signal, lost);
  const assertHeld = async (): Promise<void> => {
    const isOurs = await records.renewLease(lease, clock.now(), leaseMs);
    if (!isOurs) throw new FenceError(target, lease.fence, lease.fence + 1);
    signal.throwIfAborted();
  };
  try {
    return await work({ fence: lease.fence, signal: AbortSignal.any([signal, lost.signal]), assertHeld });
  } finally {
    ended.abort();
    await renewing;
    await letGo(parts, lease);
  }
}

async function renew(
  { input, records }: Parts,
  lease: Lease,
  ended: AbortSignal,
  lost: AbortController,
): Promise<void> {
  let isOurs = true;
  while (isOurs && !ended.aborted) {
    try {
      await input.clock.sleep(renewEveryMs, ended);
      isOurs = await records.renewLease(lease, input.clock.now(), leaseMs);
    } catch {
      // Ended, or the store cannot be asked: `assertHeld` asks again before anything is changed.
      if (ended.aborted) return;
    }
  }
  if (!isOurs) lost.abort(new FenceError(lease.name, lease.fence, lease.fence + 1));
}

async function letGo({ input, records }: Parts, lease: Lease): Promise<void> {
  try {
    await records.releaseLease(lease);
  } catch (error) {
    // It expires by itself.
    input.log.warn('lease not released', { lease: lease.name, error });
  }
}
