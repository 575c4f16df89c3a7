import { describe, expect, it } from 'vitest';
import { parseStoreUrl } from '../../../../src/store/postgres/connection-url.ts';

describe('parseStoreUrl', () => {
  it('reads user, password, host, port and database, percent-encoded or not', () => {
    expect(parseStoreUrl('postgresql://re%40eve:p%40ss%2Fw%3Ard+%25@db.example:6432/st%20ore')).toMatchObject(
      {
        user: 're@eve',
        password: 'p@ss/w:rd+%',
        host: 'db.example',
        port: 6432,
        database: 'st ore',
      },
    );
    expect(parseStoreUrl('postgres://reeve:100%@db/x')).toMatchObject({ password: '100%' });
  });

  it('is named without its password', () => {
    expect(parseStoreUrl('postgresql://reeve:secret@db/x?password=secret').name).toBe(
      'postgresql://db:5432/x',
    );
  });

  it.each([
    ['postgresql://reeve@db', 'db', 5432, 'reeve'],
    ['postgresql://reeve@/store?host=/run/postgresql&port=6000', '/run/postgresql', 6000, 'store'],
    ['postgresql://reeve@%2Frun%2Fpostgresql:6000/store', '/run/postgresql', 6000, 'store'],
    ['postgresql:///store?host=/tmp&user=reeve', '/tmp', 5432, 'store'],
    ['postgresql://reeve@[::1]:6000/store', '::1', 6000, 'store'],
  ])('finds the server of %s', (url, host, port, database) => {
    expect(parseStoreUrl(url)).toMatchObject({ host, port, user: 'reeve', database });
  });

  it.each([
    ['', 'prefer'],
    ['?sslmode=disable', false],
    ['?sslmode=require', { servername: 'db', rejectUnauthorized: false }],
    ['?sslmode=verify-full', { servername: 'db', rejectUnauthorized: true }],
  ])('encrypts as libpq does with "%s"', (query, tls) => {
    expect(parseStoreUrl(`postgresql://reeve@db/x${query}`).tls).toEqual(tls);
  });

  it('never encrypts on a Unix socket', () => {
    expect(parseStoreUrl('postgresql://reeve@/x?host=/tmp&sslmode=require').tls).toBe(false);
  });

  it.each([
    ['postgresql://reeve:secret@a:1,b:2/x', /several hosts/],
    ['postgresql://db/x', /names no user/],
    ['postgresql://reeve:secret@db/x?sslmode=always', /unknown sslmode/],
    [
      'postgresql://reeve:secret@db/x?sslmode=verify-full&sslrootcert=/not/there',
      /sslrootcert that cannot be read/,
    ],
    ['mysql://reeve:secret@db/x', /is not postgresql:/],
  ])('refuses %s, without the password', (url, message) => {
    const parse = (): unknown => parseStoreUrl(url);

    expect(parse).toThrow(message);
    expect(parse).not.toThrow(/secret/);
  });
});
