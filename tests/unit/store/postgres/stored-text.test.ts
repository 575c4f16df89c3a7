import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromStored, toStored } from '../../../../src/store/postgres/stored-text.ts';

const texts = fc.string({ unit: fc.constantFrom('\0', '\u0001', '0', '1', 'a', 'ж') });

describe('toStored', () => {
  it('makes a text without NUL, from which the same text is read again', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(toStored(text)).not.toContain('\0');
        expect(fromStored(toStored(text))).toBe(text);
      }),
    );
  });
});
