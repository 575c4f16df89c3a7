import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/sdk.ts';
import { mongoUrlProblem, parseMongoUrl } from './url.ts';

const parse = (text: string): ReturnType<typeof parseMongoUrl> => parseMongoUrl(new Secret(text));

describe('parseMongoUrl', () => {
  it('reads several hosts, a login with encoded characters, a database and options of any case', () => {
    const url = parse('mongodb://re%40eve:p%3Aw@DB1:27018,[::1],db3/other?authSource=a&TLS=true');

    expect(url).toMatchObject({
      isSrv: false,
      hosts: [
        { host: 'db1', port: 27_018 },
        { host: '::1', port: 27_017 },
        { host: 'db3', port: 27_017 },
      ],
      username: 're@eve',
      password: 'p:w',
      database: 'other',
    });
    expect(url.parameters.get('authsource')).toBe('a');
    expect(url.parameters.get('tls')).toBe('true');
  });

  it('takes one host without a port for mongodb+srv', () => {
    expect(parse('mongodb+srv://cluster.example.net').isSrv).toBe(true);
    expect(mongoUrlProblem(new Secret('mongodb+srv://a.example.net,b.example.net'))).toContain('one host');
    expect(mongoUrlProblem(new Secret('mongodb+srv://a.example.net:27017'))).toContain('without a port');
  });

  it('says what is wrong without quoting the password', () => {
    const problems = [
      'mongodb://u:canary/secret@db1/',
      'mongodb://u:canary%zz@db1/',
      'mongodb://u:canary@db1/?loadBalanced=true',
    ].map((text) => mongoUrlProblem(new Secret(text)));

    expect(problems.every((problem) => problem !== undefined)).toBe(true);
    expect(problems.join()).not.toContain('canary');
  });
});
