import { describe, expect, it } from 'vitest';
import { connectionError } from './connection-error.ts';
import type { HttpAnswer } from './http-client.ts';
import { refusalOf, retryAfter, toServiceError } from './service-error.ts';
import { fixture } from './testing/fixture.ts';

const nowMs = Date.parse('2026-11-23T12:00:00Z');

function error(status: number, body = '', headers: HttpAnswer['headers'] = {}) {
  return toServiceError({ status, headers, body }, 'account of orders', 'az role assignment create', nowMs);
}

describe('refusalOf', () => {
  it('reads errors with and without their envelope', () => {
    const flat = refusalOf({
      status: 400,
      headers: {},
      body: fixture('cosmosdb-2018-01-01-metrics-unknown-name.json'),
    });
    const wrapped = refusalOf({ status: 403, headers: {}, body: fixture('cosmosdb-2024-11-15-denied.json') });

    expect([flat.code, wrapped.code]).toEqual(['BadRequest', 'AuthorizationFailed']);
  });

  it('leaves no part of a token that a service repeats', () => {
    const token = `eyJhbGciOiJSUzI1NiJ9.${'eyJzdWIi'.repeat(200)}.c2lnbmF0dXJl`;
    const body = JSON.stringify({
      error: { code: 'Bad', message: `refused: Bearer ${token} in authorization` },
    });

    expect(refusalOf({ status: 400, headers: {}, body }).message).toBe(
      'refused: Bearer [secret] in authorization',
    );
  });
});

describe('toServiceError', () => {
  it.each([
    [400, 'unsupported'],
    [401, 'denied'],
    [403, 'denied'],
    [404, 'unreachable'],
    [408, 'timeout'],
    [429, 'throttled'],
    [418, 'malformed'],
    [500, 'unreachable'],
    [503, 'unreachable'],
    [504, 'timeout'],
  ])('makes %i %s', (status, code) => {
    expect(error(status).code).toBe(code);
  });

  it('says what is not allowed, and what allows it', () => {
    const { message } = error(403, fixture('cosmosdb-2024-11-15-denied.json'));

    expect(message).toMatch(/Microsoft\.Insights\/metrics\/read/);
    expect(message).toMatch(/az role assignment create$/);
  });

  it('takes 503 with a pause for throttling', () => {
    expect(error(503, '', { 'retry-after': '5' })).toMatchObject({ code: 'throttled', retryAfterMs: 5_000 });
  });
});

describe('retryAfter', () => {
  it.each([
    ['17', 17_000],
    ['Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
    ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
    ['soon', 60_000],
    [undefined, 60_000],
  ])('reads %s', (header, milliseconds) => {
    expect(retryAfter(header, nowMs)).toBe(milliseconds);
  });
});

describe('connectionError', () => {
  it.each([
    ['CERT_HAS_EXPIRED', 'unreachable', /certificate has expired/],
    ['ECONNREFUSED', 'unreachable', /nothing listens there/],
    ['ETIMEDOUT', 'timeout', /no connection to host/],
  ])('explains %s', (code, kind, message) => {
    const found = connectionError('host', Object.assign(new Error('raw'), { code }));

    expect(found.code).toBe(kind);
    expect(found.message).toMatch(message);
  });
});
