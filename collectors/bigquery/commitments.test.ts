import { describe, expect, it } from 'vitest';
import { commitmentsOver } from './commitments.ts';

const one = { id: 'one', edition: 'ENTERPRISE', plan: 'ANNUAL', slots: 100 };
const span = { edition: 'ENTERPRISE', plan: 'ANNUAL', slots: 100 };
const change = { ...one, state: 'ACTIVE' };

describe('commitmentsOver', () => {
  it('takes a commitment without changes to have been there always', () => {
    expect(commitmentsOver([one], [])).toEqual([{ ...span, from: -Infinity, to: Infinity }]);
  });

  it('begins with the change that made it active', () => {
    const changes = [
      { ...change, changed_ms: 10, action: 'CREATE', state: 'PENDING' },
      { ...change, changed_ms: 20, action: 'UPDATE' },
    ];

    expect(commitmentsOver([one], changes)).toEqual([{ ...span, from: 20, to: Infinity }]);
  });

  it('keeps what ended until it ended', () => {
    const changes = [
      { ...change, changed_ms: 10, action: 'CREATE' },
      { ...change, changed_ms: 30, action: 'DELETE' },
    ];

    expect(commitmentsOver([], changes)).toEqual([{ ...span, from: 10, to: 30 }]);
  });

  it('knows from its end alone that it was there before', () => {
    expect(commitmentsOver([], [{ ...change, changed_ms: 30, action: 'DELETE' }])).toEqual([
      { ...span, from: -Infinity, to: 30 },
    ]);
  });

  it('follows its slots', () => {
    const changes = [
      { ...change, changed_ms: 40, action: 'UPDATE', slots: 300 },
      { ...change, changed_ms: 10, action: 'CREATE' },
    ];

    expect(commitmentsOver([{ ...one, slots: 300 }], changes)).toEqual([
      { ...span, from: 10, to: 40 },
      { ...span, slots: 300, from: 40, to: Infinity },
    ]);
  });
});
