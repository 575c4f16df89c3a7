import { describe, expect, it } from 'vitest';
import { ScrapeRhythm } from '../../../src/export/scrape-rhythm.ts';

function rhythmOf(...arrivals: readonly number[]): ScrapeRhythm {
  const rhythm = new ScrapeRhythm();
  for (const atMs of arrivals) rhythm.add(atMs);
  return rhythm;
}

describe('ScrapeRhythm', () => {
  it('expects a client that came every 15 s after another 15 s, though it is a little off its beat', () => {
    expect(rhythmOf(0, 15_100, 30_000).nextMs(31_000)).toBe(44_900);
  });

  it('expects one that did not come a period later', () => {
    expect(rhythmOf(0, 15_000, 30_000).nextMs(46_000)).toBe(60_000);
  });

  it('takes two clients with one period for one beat', () => {
    const rhythm = rhythmOf(0, 5_000, 15_000, 20_000, 30_000, 35_000, 45_000);

    expect(rhythm.nextMs(45_500)).toBe(50_000);
    expect(rhythm.nextMs(51_000)).toBe(60_000);
  });

  it.each([
    ['nobody came yet', []],
    ['two arrivals', [0, 15_000]],
    ['clients at odds', [0, 15_000, 22_000, 30_000]],
    ['who comes many times a second', [0, 20, 40, 60, 80]],
  ])('expects nobody in particular after %s', (_what, arrivals) => {
    expect(rhythmOf(...arrivals).nextMs(100_000)).toBeUndefined();
  });

  it('finds the beat again when a visitor has gone', () => {
    expect(rhythmOf(0, 15_000, 22_000, 30_000, 45_000, 60_000).nextMs(61_000)).toBe(75_000);
  });
});
