import { array, assert, constantFrom, integer, property, string, stringMatching } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConnectionUrl, passwordsOf } from '../../../src/config/connection-url.ts';
import { parseListenAddress } from '../../../src/config/listen-address.ts';
import { nearestName } from '../../../src/config/nearest-name.ts';
import { belongsToShard } from '../../../src/config/shard.ts';
import {
  durationPattern,
  formatDuration,
  parseDurationMs,
  parseSizeBytes,
  sizePattern,
} from '../../../src/core/duration.ts';

describe('durations', () => {
  it('are parsed as they are formatted', () => {
    assert(
      property(integer({ min: 0, max: 400 * 86_400_000 }), (durationMs) => {
        const text = formatDuration(durationMs);
        return parseDurationMs(text) === durationMs && durationPattern.test(text);
      }),
    );
  });

  it('match the pattern that editors are given exactly when they can be parsed', () => {
    const part = constantFrom('1', '15', '0.5', '.', ' ', 's', 'ms', 'm', 'h', 'd', 'w', 'x', '-', 'S');
    assert(
      property(array(part, { maxLength: 6 }), (parts) => {
        const text = parts.join('');
        return durationPattern.test(text) === (parseDurationMs(text) !== undefined);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('sizes', () => {
  it('match the pattern that editors are given exactly when they can be parsed', () => {
    const part = constantFrom('1', '64', '0.5', '.', ' ', 'B', 'kB', 'KiB', 'GiB', 'MB', 'K', 'b', '-');
    assert(
      property(array(part, { maxLength: 6 }), (parts) => {
        const text = parts.join('');
        return sizePattern.test(text) === (parseSizeBytes(text) !== undefined);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('connection URLs', () => {
  it('give back every password that was encoded into them', () => {
    assert(
      property(string({ minLength: 1 }), stringMatching(/^[a-z]{1,8}$/), (password, user) => {
        const url = `lamp://${user}:${encodeURIComponent(password)}@host:1/db?x=y`;
        expect(passwordsOf(url)).toContain(password);
        expect(parseConnectionUrl(url)).toMatchObject({
          username: user,
          hosts: 'host:1',
          path: 'db',
          query: 'x=y',
        });
      }),
    );
  });

  it.each([
    ['postgres:///db?host=/run/socket', { hosts: '', path: 'db' }],
    ['mongodb://a:1,b:2/db', { hosts: 'a:1,b:2' }],
    ['redis://:pw@[::1]:6379/0', { hosts: '[::1]:6379', password: 'pw', username: '' }],
    ['postgres://u:p@ss@h/db', { hosts: 'h', password: 'p@ss' }],
  ])('are read like %s', (text, parts) => {
    expect(parseConnectionUrl(text)).toMatchObject(parts);
  });

  it.each(['host:5432', 'postgres://u:p/ss@h/db', 'postgres://u:p#ss@h/db', 'postgres://h:port/db', ''])(
    'are not %j',
    (text) => {
      expect(parseConnectionUrl(text)).toBeUndefined();
    },
  );
});

describe('listen addresses', () => {
  it.each([
    ['127.0.0.1:9464', { host: '127.0.0.1', port: 9464 }],
    [':9464', { host: '0.0.0.0', port: 9464 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
  ])('are read like %s', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });

  it.each(['9464', 'h', 'h:99999', 'http://h:1', '::1:9464'])('are not %j', (text) => {
    expect(parseListenAddress(text)).toBeUndefined();
  });
});

describe('belongsToShard', () => {
  const ids = Array.from({ length: 2_000 }, (_, index) => `target-${index}`);
  const ownerOf = (id: string, count: number) =>
    Array.from({ length: count }, (_, index) => index).filter((index) =>
      belongsToShard(id, { index, count }),
    );

  it('gives every target to exactly one shard', () => {
    assert(property(string(), integer({ min: 1, max: 20 }), (id, count) => ownerOf(id, count).length === 1));
  });

  it('spreads targets evenly', () => {
    for (const index of [0, 1, 2, 3]) {
      const share = ids.filter((id) => belongsToShard(id, { index, count: 4 })).length / ids.length;
      expect(share).toBeGreaterThan(0.21);
      expect(share).toBeLessThan(0.29);
    }
  });

  it('moves targets only to the shard that was added', () => {
    for (const id of ids) {
      const [before] = ownerOf(id, 4);
      const [after] = ownerOf(id, 5);
      expect(after === before || after === 4).toBe(true);
    }
  });
});

describe('nearestName', () => {
  it.each([
    ['intervl', 'interval'],
    ['max_series', 'maxSeries'],
    ['replication_lag', 'replication_lag_seconds'],
    ['zebra', undefined],
  ])('finds for %s %s', (name, nearest) => {
    expect(nearestName(name, ['interval', 'maxSeries', 'replication_lag_seconds', 'url'])).toBe(nearest);
  });
});
