import { describe, expect, it } from 'vitest';
import { obstacles, type ServerState } from './server-state.ts';

const calm: ServerState = {
  is_primary: true,
  oldest_seconds: 3,
  oldest_pid: 7,
  prepared: 0,
  builds: 0,
  locks: 0,
  lag_bytes: 1_000,
  wraparound_vacuum: false,
};

describe('obstacles', () => {
  it('are none on a calm primary', () => {
    expect(obstacles(calm, 'shop.orders')).toEqual([]);
  });

  it.each([
    [{ is_primary: false }, 'not_primary', 'plan again on the new primary'],
    [{ oldest_seconds: 61 }, 'no_long_transactions', 'process 7 has been open for 61 s'],
    [{ prepared: 1 }, 'no_long_transactions', 'a prepared transaction is open'],
    [{ builds: 1, locks: 1 }, 'no_other_build', 'another index of shop.orders is being built'],
    [{ locks: 1 }, 'no_other_build', 'shop.orders is locked by another command'],
    [{ lag_bytes: 300 * 1_048_576 }, 'replicas_follow', 'a standby is 300 MiB behind'],
    [{ wraparound_vacuum: true }, 'no_wraparound_vacuum', 'it goes first'],
  ] as const)('are named: %j', (change, id, text) => {
    const found = obstacles({ ...calm, ...change }, 'shop.orders');

    expect(found).toMatchObject([{ id }]);
    expect(found[0]?.text).toContain(text);
  });
});
