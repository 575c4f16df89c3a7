import { describe, expect, it } from 'vitest';
import { escapeLabelValue, formatValue, isLabelName, renderLabels } from '../../../src/export/text-format.ts';

describe('escapeLabelValue', () => {
  it.each([
    ['plain', 'plain'],
    ['with "quotes"', 'with \\"quotes\\"'],
    ['two\nlines', 'two\\nlines'],
    ['C:\\data', 'C:\\\\data'],
    ['\\n is not a newline', '\\\\n is not a newline'],
    ['a\0b', 'a\uFFFDb'],
    ['\\0 as text', '\\\\0 as text'],
    ['tab\tand return\r', 'tab\tand return\r'],
    [`${'ü'.repeat(31)}x`, `${'ü'.repeat(31)}x`],
    ['索引_名前_🙂', '索引_名前_🙂'],
  ])('writes %j', (value, escaped) => {
    expect(escapeLabelValue(value)).toBe(escaped);
  });
});

describe('formatValue', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [42, '42'],
    [-1.5, '-1.5'],
    [1e21, '1e+21'],
    [1e-7, '1e-7'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ])('writes %d', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});

describe('isLabelName', () => {
  it.each([
    ['team', true],
    ['_private', true],
    ['__name__', false],
    ['cost-center', false],
    ['9lives', false],
    ['', false],
  ])('judges %j', (name, expected) => {
    expect(isLabelName(name)).toBe(expected);
  });
});

describe('renderLabels', () => {
  it('leaves out empty values, which are absent labels', () => {
    const text = renderLabels([
      ['a', ''],
      ['b', 'x'],
      ['c', 'y'],
    ]);

    expect(text).toBe('b="x",c="y"');
  });
});
