import { describe, expect, it } from 'vitest';
import { parseEndpoint } from './connection-url.ts';

describe('parseEndpoint', () => {
  it('reads user, password, host, port and database, percent-encoded or not', () => {
    expect(
      parseEndpoint('postgresql://re%40eve:p%40ss%2Fw%3Ard+%25@db.example:6432/or%20ders%3F'),
    ).toMatchObject({
      user: 're@eve',
      password: 'p@ss/w:rd+%',
      host: 'db.example',
      port: 6432,
      database: 'or ders?',
    });
    expect(parseEndpoint('postgres://reeve:100%@db/x')).toMatchObject({ password: '100%' });
  });

  it('falls back as libpq does: port 5432, the database named as the user', () => {
    expect(parseEndpoint('postgresql://reeve@db')).toMatchObject({
      port: 5432,
      database: 'reeve',
      password: '',
    });
    expect(parseEndpoint('postgresql://reeve@db/')).toMatchObject({ database: 'reeve' });
  });

  it.each([
    ['postgresql://reeve@/orders?host=/run/postgresql&port=6000', '/run/postgresql', 6000],
    ['postgresql://reeve@%2Frun%2Fpostgresql:6000/orders', '/run/postgresql', 6000],
    ['postgresql:///orders?host=/tmp&user=reeve', '/tmp', 5432],
    ['postgresql://reeve@[::1]:6000/orders', '::1', 6000],
  ])('finds the server of %s', (url, host, port) => {
    expect(parseEndpoint(url)).toMatchObject({ host, port, user: 'reeve', database: 'orders' });
  });

  it('never encrypts on a Unix socket', () => {
    expect(parseEndpoint('postgresql://reeve@/x?host=/tmp&sslmode=require').tls).toBeUndefined();
  });

  it.each([
    ['', { rejectUnauthorized: false }, true],
    ['?sslmode=prefer', { rejectUnauthorized: false }, true],
    ['?sslmode=require', { rejectUnauthorized: false }, false],
    ['?sslmode=verify-full', {}, false],
    ['?sslmode=disable', undefined, false],
  ])('encrypts as libpq does with "%s"', (query, tls, plainIfRefused) => {
    expect(parseEndpoint(`postgresql://reeve@db/x${query}`)).toMatchObject({ plainIfRefused });
    expect(parseEndpoint(`postgresql://reeve@db/x${query}`).tls).toEqual(tls);
  });

  it.each([
    ['postgresql://reeve@a:1,b:2/x', /several hosts/],
    ['postgresql://reeve@db/x?sslmode=always', /unknown sslmode/],
    ['postgresql://reeve@db/x?sslmode=verify-ca&sslrootcert=/nowhere/root.crt', /sslrootcert/],
  ])('refuses %s and says why', (url, message) => {
    expect(() => parseEndpoint(url)).toThrow(message);
  });

  it('keeps the password out of its errors', () => {
    expect(() => parseEndpoint('postgresql://reeve:canary@a,b/x')).toThrow(/^(?!.*canary)/);
  });
});
