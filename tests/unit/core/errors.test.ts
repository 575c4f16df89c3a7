import { describe, expect, it } from 'vitest';
import {
  CollectError,
  ConfigError,
  collectErrorCodes,
  isRetryable,
  messageOf,
  toCollectError,
} from '../../../src/core/errors.ts';

describe('CollectError', () => {
  it('says which failures may pass by themselves', () => {
    const retryable = collectErrorCodes.filter(isRetryable);

    expect(retryable).toEqual(['unreachable', 'timeout', 'locked', 'throttled']);
  });
});

describe('toCollectError', () => {
  it('leaves a CollectError as it is', () => {
    const error = new CollectError('denied', 'no');

    expect(toCollectError(error)).toBe(error);
  });

  it('calls everything else a fault of Reeve and keeps it as the cause', () => {
    const cause = new TypeError('x is not a function');

    expect(toCollectError(cause)).toMatchObject({ code: 'internal', message: 'x is not a function', cause });
  });
});

describe('messageOf', () => {
  it.each([
    [new Error('broken'), 'broken'],
    ['text', 'text'],
    [undefined, 'undefined'],
  ])('finds words for %s', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});

describe('ConfigError', () => {
  it('lists every problem with its path', () => {
    const error = new ConfigError('reeve.yaml', [
      { path: 'targets[0].url', message: 'is missing' },
      { path: '', message: 'is empty' },
    ]);

    expect(error.message).toBe('reeve.yaml: 2 problems\n  targets[0].url: is missing\n  (file): is empty');
  });

  it('counts one problem as one', () => {
    expect(new ConfigError('reeve.yaml', [{ path: 'a', message: 'b' }]).message).toContain('1 problem\n');
  });
});
