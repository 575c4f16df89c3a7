import { describe, expect, it } from 'vitest';
import { judgeTrials, type Tried } from './judge-rehearsal.ts';
import type { PhaseRuns } from './trial-runs.ts';

function phase(milliseconds: number, change: Partial<PhaseRuns> = {}): PhaseRuns {
  const runs = [milliseconds, milliseconds * 1.01, milliseconds * 0.99];
  return {
    milliseconds: [runs],
    results: ['3 77'],
    explained: undefined,
    usedIndex: false,
    timeouts: 0,
    ...change,
  };
}

function tried(withoutMs: number, withMs: number, change: Partial<PhaseRuns> = {}, limited = false): Tried {
  const shape = { kind: 'reads', limited, tables: [], parameters: [] } as const;
  return {
    trial: { queryId: '42', shape },
    share: 0.5,
    without: [phase(withoutMs), phase(withoutMs)],
    with: [phase(withMs, { usedIndex: true, ...change })],
  };
}

describe('judgeTrials', () => {
  it('passes a gain beyond noise with the same results, and says how much', () => {
    const { passed, text, figures } = judgeTrials([tried(100, 10)], 0.2);

    expect(passed).toBe(true);
    expect(text).toMatch(
      /^it saves 90\.0 % of the time of the statement \(100 ms without it, 10 ms with it; noise \d/,
    );
    expect(text).toContain('results are the same');
    expect(figures).toMatchObject({ savedShare: 0.9, statements: [{ queryId: '42', results: 'same' }] });
  });

  it.each([
    ['saves less than is asked for', [tried(100, 90)], 'it saves 10.0 % of their time, and at least 20.0 %'],
    ['is not used', [tried(100, 10, { usedIndex: false })], 'the planner does not use the index'],
    ['changes a result', [tried(100, 10, { results: ['3 78'] })], 'gave other rows with the index'],
    ['changes the number of rows', [tried(100, 10, { results: ['4 77'] }, true)], 'gave other rows'],
    ['makes another statement slower', [tried(1000, 10), tried(10, 15)], 'became slower by 50.0 %'],
    ['is lost in noise', [tried(100, 50, { milliseconds: [[1, 50, 300]] })], 'within the noise'],
  ])('does not pass an index that %s', (_, trials, message) => {
    const { passed, text } = judgeTrials(trials, 0.2);

    expect(passed).toBe(false);
    expect(text).toContain(message);
  });

  it('lets a statement with LIMIT choose among equal rows, and one that never answers the same differ', () => {
    const unstable = tried(100, 10, { results: ['9 1'] });
    const shaken = { ...unstable, without: [phase(100), phase(100, { results: ['5 5'] })] };

    expect(judgeTrials([tried(100, 10, { results: ['3 78'] }, true)], 0.2).passed).toBe(true);
    expect(judgeTrials([shaken], 0.2)).toMatchObject({
      passed: true,
      figures: { statements: [{ results: 'undetermined' }] },
    });
  });

  it('says where results could not be compared', () => {
    const { passed, text } = judgeTrials([tried(100, 10, { results: [undefined] })], 0.2);

    expect(passed).toBe(true);
    expect(text).toContain('where they can be compared');
  });

  it('counts a run that was cancelled as the time it took at least', () => {
    const slow = {
      ...tried(20_000, 10),
      without: [phase(20_000, { milliseconds: [[20_000]], timeouts: 1 })],
    };

    expect(judgeTrials([slow], 0.2)).toMatchObject({
      passed: true,
      figures: { statements: [{ timeouts: 1 }] },
    });
  });
});
