import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';

/** Counts logins that failed, by the client's address, so that tokens cannot be guessed and the log cannot be flooded. */
export interface LoginLimit {
  /** Seconds to wait before this address is heard again; undefined when it is heard. */
  waitSeconds(address: string): number | undefined;
  /** Told in the log, the first failure of an address at once, the further ones of a minute together. */
  failed(address: string, reason: string): void;
}

/** An address with this many failures within a minute is not heard until the minute is over. */
export const mostFailures = 30;
const windowMs = 60_000;
/** The address that failed longest ago makes room. */
const mostAddresses = 1_000;

interface Failures {
  readonly sinceMs: number;
  count: number;
}

export function createLoginLimit(clock: Clock, log: Log): LoginLimit {
  const addresses = new Map<string, Failures>();
  const current = (address: string) => {
    const failures = addresses.get(networkOf(address));
    return failures !== undefined && clock.monotonicMs() - failures.sinceMs < windowMs ? failures : undefined;
  };
  return {
    waitSeconds(address) {
      const failures = current(address);
      if (failures === undefined || failures.count < mostFailures) return undefined;
      return Math.ceil((failures.sinceMs + windowMs - clock.monotonicMs()) / 1_000);
    },
    failed(address, reason) {
      const failures = current(address);
      if (failures !== undefined) {
        failures.count += 1;
        if (failures.count === mostFailures)
          log.warn('too many logins failed, not heard for the rest of the minute', {
            address,
            failures: mostFailures,
            reason,
          });
        return;
      }
      log.warn('login refused', { address, reason });
      addresses.delete(networkOf(address));
      const [oldest] = addresses.keys();
      if (addresses.size >= mostAddresses && oldest !== undefined) addresses.delete(oldest);
      addresses.set(networkOf(address), { sinceMs: clock.monotonicMs(), count: 1 });
    },
  };
}

/** One client owns a whole /64 of IPv6. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  return expand(address).slice(0, 4).join(':');
}

function expand(address: string): readonly string[] {
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const first = head.split(':').filter((part) => part !== '');
  const last = (tail ?? '').split(':').filter((part) => part !== '');
  return [
    ...first,
    ...Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0'),
    ...last,
  ];
}
