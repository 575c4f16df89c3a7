import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../tests/support/net/certificates.ts';
import { TrustedAuthorities } from './trusted-authorities.ts';

describe('TrustedAuthorities', () => {
  it('makes one context of one file, however many targets trust it, and another of another', () => {
    const [one, other] = [createAuthority('one').ca, createAuthority('other').ca];
    const authorities = new TrustedAuthorities();

    expect(authorities.with(one)).toBe(authorities.with(one));
    expect(authorities.with(other)).not.toBe(authorities.with(one));
  });
});
