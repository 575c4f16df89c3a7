import { describe, expect, it } from 'vitest';
import { LsnHistory } from './lsn-history.ts';

describe('LsnHistory', () => {
  it('knows for how long WAL beyond a position has existed, at least', () => {
    const history = new LsnHistory();
    history.add(0, 100);
    history.add(15_000, 100);
    history.add(30_000, 250);
    history.add(45_000, 400);

    expect(history.behindMs(100, 45_000)).toBe(15_000);
    expect(history.behindMs(99, 45_000)).toBe(45_000);
  });

  it('knows nothing about WAL that appeared in this very poll', () => {
    const history = new LsnHistory();
    history.add(0, 100);
    history.add(15_000, 250);

    expect(history.behindMs(100, 15_000)).toBeUndefined();
    expect(history.behindMs(250, 15_000)).toBeUndefined();
  });

  it('forgets what it knew when the WAL became shorter, as after a restore', () => {
    const history = new LsnHistory();
    history.add(0, 1_000);
    history.add(15_000, 200);

    expect(history.behindMs(100, 15_000)).toBeUndefined();
    expect(history.behindMs(100, 30_000)).toBe(15_000);
  });

  it('gets coarser instead of longer', () => {
    const history = new LsnHistory(8);
    for (let poll = 0; poll <= 1_000; poll += 1) history.add(poll * 1_000, poll);

    expect(history.behindMs(-1, 1_000_000)).toBe(1_000_000);
    expect(history.behindMs(500, 1_000_000)).toBeLessThan(500_000);
    expect(history.behindMs(999, 1_000_001)).toBe(1);
  });
});
