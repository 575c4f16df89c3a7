import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedact, MetSecrets, Secret } from '../../../src/core/secret.ts';

describe('Secret', () => {
  const secret = new Secret('correct horse');

  it.each([
    ['text', String(secret)],
    ['JSON', JSON.stringify({ secret })],
    ['inspection', inspect({ secret }, { depth: 5, showHidden: true })],
    ['its keys', Object.getOwnPropertyNames(secret).join()],
  ])('does not show in %s', (_where, text) => {
    expect(text).not.toContain('horse');
  });

  it('is given to whoever asks for it by name', () => {
    expect(secret.reveal()).toBe('correct horse');
  });
});

describe('createRedact', () => {
  it('replaces a secret in plain, URL-encoded and JSON form', () => {
    const redact = createRedact(['p@ss"word']);

    expect(redact('p@ss"word, p%40ss%22word and "p@ss\\"word"')).toBe('[secret], [secret] and "[secret]"');
  });

  it('replaces the longest secret first, so that no tail of it stays', () => {
    expect(createRedact(['pass', 'password'])('password')).toBe('[secret]');
  });

  it('leaves text alone that is too short to be a secret', () => {
    expect(createRedact(['a', ''])('a banana')).toBe('a banana');
  });

  it('lets no secret through, wherever it stands', () => {
    const text = fc.string({ unit: 'grapheme' });
    // Characters that stand in the replacement itself would be found there.
    const secretText = fc.stringMatching(/^[A-Z0-9!"\\%&/ ]{4,20}$/);
    fc.assert(
      fc.property(text, secretText, text, (before, secret, after) => {
        expect(createRedact([secret])(before + secret + after)).not.toContain(secret);
      }),
    );
  });
});

describe('MetSecrets', () => {
  it('hides the thousand that were met last', () => {
    const met = new MetSecrets();
    for (let number = 1; number <= 1_001; number += 1) met.add(`token-${number};`);

    expect(met.redact('token-1; token-2; token-1001;')).toBe('token-1; [secret] [secret]');
  });

  it('counts one that is met again as new', () => {
    const met = new MetSecrets();
    met.add('token-1;');
    for (let number = 2; number <= 1_000; number += 1) met.add(`token-${number};`);
    met.add('token-1;');
    met.add('token-1001;');

    expect(met.redact('token-1; token-2;')).toBe('[secret] token-2;');
  });
});
