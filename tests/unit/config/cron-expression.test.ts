import { describe, expect, it } from 'vitest';
import { cronProblem } from '../../../src/config/cron-expression.ts';

describe('cronProblem', () => {
  it.each(['0 6 1 1,4,7,10 *', '*/5 * * * *', '30 2 * * mon-fri', ' 0 0 1 jan * ', '0 6 L * *'])(
    'accepts %s',
    (text) => {
      expect(cronProblem(text)).toBeUndefined();
    },
  );

  it.each([
    ['', 'must be minute'],
    ['quarterly', 'must be minute'],
    ['@daily', 'must be minute'],
    ['0 0 6 1 1 *', 'must be minute'],
    ['60 6 1 1 *', 'minute'],
    ['0 24 1 1 *', 'hour'],
    ['0 6 31 2 *', 'day of month'],
    ['0 6 1 13 *', 'month'],
    ['0 6 1 * 9', 'day of week'],
    ['0 6 1 ; *', ''],
  ])('refuses %s', (text, what) => {
    expect(cronProblem(text)).toContain(what);
    expect(cronProblem(text)).toContain('such as "0 6 1 1,4,7,10 *"');
  });
});
