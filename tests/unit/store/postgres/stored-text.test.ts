import { assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromStored, toStored } from '../../../../src/store/postgres/stored-text.ts';

const texts = string({ unit: constantFrom('\0', '\u0001', '0', '1', 'a', 'ж') });

describe('toStored', () => {
  it('makes a text without NUL, from which the same text is read again', () => {
    assert(
      property(texts, (text) => {
        expect(toStored(text)).not.toContain('\0');
        expect(fromStored(toStored(text))).toBe(text);
      }),
    );
  });
});
