import { describe, expect, it } from 'vitest';
import { longestStatement, presentable } from './statement-text.ts';

const canary = 'canary-7c';

describe('presentable', () => {
  it.each([
    `SELECT 'a' FROM t WHERE b = '${canary}' AND c = $1`,
    `SELECT 1 /* user ${canary} */ FROM t -- ${canary}`,
    `SELECT E'\\'${canary}', $$${canary}$$, U&'${canary}', B'1' FROM t`,
    `SELECT interval '${canary}', date '${canary}'`,
    `SELECT "ü" FROM t WHERE "ü" = 'ü${canary}'`,
  ])('holds no literal and no comment of %s', async (text) => {
    const shown = await presentable(text);

    expect(shown).toMatch(/^SELECT /);
    expect(shown).not.toContain(canary);
  });

  it('keeps quoted names, operators and casts as they are', async () => {
    expect(await presentable('SELECT "A b"."ü", x::int <@ y, j->>$1\n  FROM   "A b";')).toBe(
      'SELECT "A b"."ü", x::int <@ y, j->>$1 FROM "A b"',
    );
  });

  it.each(['SELECT FROM WHERE', "SELECT 'open", `SELECT ${'1, '.repeat(longestStatement)} 1`])(
    'is nothing for what cannot be worked on: %.20s',
    async (text) => {
      expect(await presentable(text)).toBeUndefined();
    },
  );
});
