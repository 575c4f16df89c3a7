/** Who may act on a target: the holder of its lease, recognised by the fence. */

/** Name of the lease under which a target is changed. */
export function targetLease(target: string): string {
  return `target:${target}`;
}

/** Somebody else took the lease of a target meanwhile, or nobody ever did: nothing may be done under this fence. */
export class FenceError extends Error {
  override readonly name = 'FenceError';
  readonly target: string;

  /** `newest` is 0 where there never was a lease. */
  constructor(target: string, fence: number, newest: number) {
    super(
      newest === 0
        ? `target "${target}" is not leased to anyone: nothing may be done on it`
        : `target "${target}" was leased to somebody else (fence ${newest}, this is ${fence}): nothing is done under the older lease`,
    );
    this.target = target;
  }
}
