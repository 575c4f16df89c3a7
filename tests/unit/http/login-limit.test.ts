import { describe, expect, it } from 'vitest';
import { createLoginLimit, mostFailures } from '../../../src/http/login-limit.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createRecordingLog } from '../../support/recording-log.ts';

function start() {
  const clock = new FakeClock();
  const log = createRecordingLog();
  const limit = createLoginLimit(clock, log);
  const fail = (address: string, times = mostFailures) => {
    for (let failure = 0; failure < times; failure += 1) limit.failed(address, 'wrong');
  };
  return { clock, log, limit, fail };
}

describe('the limit of failed logins', () => {
  it('hears an address until it has failed too often', () => {
    const { limit, fail } = start();

    fail('192.0.2.1', mostFailures - 1);
    const before = limit.waitSeconds('192.0.2.1');
    fail('192.0.2.1', 1);

    expect(before).toBeUndefined();
    expect(limit.waitSeconds('192.0.2.1')).toBe(60);
    expect(limit.waitSeconds('192.0.2.2')).toBeUndefined();
  });

  it('hears it again when the minute is over, whatever the clock of the machine says', async () => {
    const { clock, limit, fail } = start();
    fail('192.0.2.1');

    clock.jump(3_600_000);
    const jumped = limit.waitSeconds('192.0.2.1');
    await clock.advance(59_999);
    const early = limit.waitSeconds('192.0.2.1');
    await clock.advance(1);

    expect([jumped, early, limit.waitSeconds('192.0.2.1')]).toEqual([60, 1, undefined]);
  });

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', 60],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', undefined],
    ['fe80::1%eth0', 'fe80::2', 60],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2', undefined],
  ])('after failures of %s makes %s wait %s seconds', (failed, other, seconds) => {
    const { limit, fail } = start();

    fail(failed);

    expect(limit.waitSeconds(other)).toBe(seconds);
  });

  it('tells of the first failure and of the last one that is heard', () => {
    const { log, fail } = start();

    fail('192.0.2.1', mostFailures * 2);

    expect(log.events.map(({ message }) => message)).toEqual([
      'login refused',
      'too many logins failed, not heard for the rest of the minute',
    ]);
  });

  it('remembers a thousand addresses, the latest', () => {
    const { limit, fail } = start();
    fail('192.0.2.1');

    for (let index = 0; index < 1_000; index += 1) fail(`10.0.${index >> 8}.${index & 255}`, 1);

    expect(limit.waitSeconds('192.0.2.1')).toBeUndefined();
  });
});
