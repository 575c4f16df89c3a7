import type { Lease } from '../core/ports/remediation-records.ts';
import { FenceError } from '../core/remediation/fencing.ts';
import type { Parts } from './parts.ts';
import { passPoint } from './points.ts';

/** A dead agent's lease is free after this time. */
const leaseMs = 15_000;
const renewEveryMs = 5_000;

/** What the holder of a lease may rely on. */
export interface LeaseHold {
  readonly fence: number;
  /** Aborted when the lease is lost, and when the step is. */
  readonly signal: AbortSignal;
  /** Throws when the lease was lost: asked right before something is changed. */
  readonly assertHeld: () => Promise<void>;
}

export interface LeaseRequest {
  readonly name: string;
  /** As points and messages call it. */
  readonly what: string;
  readonly signal: AbortSignal;
}

/** Works while nobody else holds this lease; undefined while somebody does. */
export async function holdLease<T>(
  parts: Parts,
  { name, what, signal }: LeaseRequest,
  work: (hold: LeaseHold) => Promise<T>,
): Promise<T | undefined> {
  const { input, records } = parts;
  const { clock, holder } = input;
  const lease = await records.takeLease(name, holder, clock.now(), leaseMs);
  if (lease === undefined) return undefined;
  passPoint(parts, `holding ${what}`);
  const ended = new AbortController();
  const lost = new AbortController();
  const renewing = renew(parts, lease, ended.signal, lost);
  const assertHeld = async (): Promise<void> => {
    const isOurs = await records.renewLease(lease, clock.now(), leaseMs);
    if (!isOurs) throw new FenceError(what, lease.fence, lease.fence + 1);
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
