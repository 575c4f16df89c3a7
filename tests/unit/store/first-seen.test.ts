import { describe, expect, it } from 'vitest';
import { foldFirstSeen, lastSeenResolutionMs, type SeenScope } from '../../../src/store/first-seen.ts';

const hour = 3_600_000;

function scopeOf(keys: Readonly<Record<string, number>>): SeenScope {
  return {
    baseline: 0,
    keys: new Map(Object.entries(keys).map(([key, at]) => [key, { firstAt: at, lastAt: at }])),
  };
}

describe('foldFirstSeen', () => {
  it('writes a new key once and not again at every reading', () => {
    const scope = scopeOf({});

    expect(foldFirstSeen(scope, ['a'], 1_000).written).toEqual(['a']);
    expect(foldFirstSeen(scope, ['a'], 2_000).written).toEqual([]);
  });

  it('refreshes when a key was last seen after an hour', () => {
    const scope = scopeOf({ a: 0 });

    expect(foldFirstSeen(scope, ['a'], lastSeenResolutionMs).written).toEqual(['a']);
    expect(scope.keys.get('a')).toEqual({ firstAt: 0, lastAt: hour });
  });

  it('drops the keys unseen the longest when the scope is full', () => {
    const scope = scopeOf({ old: 0, older: -hour, recent: hour });

    const { dropped, written, seen } = foldFirstSeen(scope, ['x', 'y'], 2 * hour, 3);

    expect(dropped).toEqual(['older', 'old']);
    expect(written).toEqual(['x', 'y']);
    expect([...scope.keys.keys()]).toEqual(['recent', 'x', 'y']);
    expect(seen.times.get('x')).toBe(2 * hour);
  });

  it('drops no key that was just asked for', () => {
    const scope = scopeOf({ a: 0, b: 1 });

    const { dropped, seen } = foldFirstSeen(scope, ['a', 'new'], 2 * hour, 2);

    expect(dropped).toEqual(['b']);
    expect(seen.times).toEqual(
      new Map([
        ['a', 0],
        ['new', 2 * hour],
      ]),
    );
  });

  it('answers the baseline for keys that do not fit, so that they are never called new', () => {
    const scope = scopeOf({ a: 5 });

    const { written, seen } = foldFirstSeen(scope, ['a', 'b', 'c'], 10, 2);

    expect(written).toEqual(['b']);
    expect(seen.times.get('c')).toBe(0);
    expect(scope.keys.size).toBe(2);
  });

  it('counts a key that is given twice once', () => {
    const scope = scopeOf({});

    expect(foldFirstSeen(scope, ['a', 'a'], 1).written).toEqual(['a']);
  });
});
