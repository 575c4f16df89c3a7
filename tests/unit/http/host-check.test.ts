import { describe, expect, it } from 'vitest';
import { asksThisMachine, isLoopbackAddress } from '../../../src/http/host-check.ts';

describe('isLoopbackAddress', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.8.9.10', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['192.0.2.1', false],
    ['::ffff:192.0.2.1', false],
    ['127.0.0.1.example', false],
    ['', false],
  ])('says of %s: %s', (address, isLoopback) => {
    expect(isLoopbackAddress(address)).toBe(isLoopback);
  });
});

describe('asksThisMachine', () => {
  it('takes the name people use, with any port, and no other', () => {
    const externalUrl = 'https://reeve.example.org/here';

    expect(asksThisMachine('reeve.example.org:8443', externalUrl)).toBe(true);
    expect(asksThisMachine('REEVE.example.org', externalUrl)).toBe(true);
    expect(asksThisMachine('localhost.', undefined)).toBe(true);
    expect(asksThisMachine('example.org', externalUrl)).toBe(false);
    expect(asksThisMachine('reeve.example.org', undefined)).toBe(false);
  });

  it('lets a client of HTTP/1.0, which has no such header and is no browser, ask', () => {
    expect(asksThisMachine(undefined, undefined)).toBe(true);
  });
});
