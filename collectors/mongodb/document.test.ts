import { describe, expect, it } from 'vitest';
import { long } from '../../tests/support/mongod/values.ts';
import { at, numberAt, timeAt, timestampSeconds, toNumber } from './document.ts';

/** A value as the driver gives it: what counts is its mark and its text. */
const bson = (type: string, text: string): object => ({ _bsontype: type, toString: () => text });

describe('toNumber', () => {
  it('reads every numeric type that a server may choose', () => {
    const values = [7, 7n, bson('Int32', '7'), bson('Double', '7'), long(7), bson('Decimal128', '7')];

    expect(values.map(toNumber)).toEqual([7, 7, 7, 7, 7, 7]);
    expect(toNumber(bson('Long', '9007199254740995'))).toBe(9_007_199_254_740_996);
  });

  it('is undefined for what is no number', () => {
    expect(['7', null, undefined, true, new Date(7), {}, Number.NaN].map(toNumber)).toEqual(
      Array.from({ length: 7 }, () => undefined),
    );
  });
});

describe('at', () => {
  it('follows names with spaces and stops where nothing is', () => {
    const status = { wiredTiger: { cache: { 'pages read into cache': 3 } } };

    expect(numberAt(status, 'wiredTiger.cache.pages read into cache')).toBe(3);
    expect(at(status, 'wiredTiger.queues.read')).toBeUndefined();
    expect(at({}, 'constructor.name')).toBeUndefined();
  });
});

describe('times', () => {
  it('of the epoch mean never', () => {
    expect(timeAt({ t: new Date(0) }, 't')).toBeUndefined();
    expect(timeAt({ t: new Date(5_000) }, 't')).toBe(5_000);
    expect(timestampSeconds({ _bsontype: 'Timestamp', t: 0, i: 0 })).toBeUndefined();
    expect(timestampSeconds({ _bsontype: 'Timestamp', t: 12, i: 3 })).toBe(12);
  });
});
