import { describe, expect, it } from 'vitest';
import { known, parseFields, parseInfo, toNumber } from './info.ts';

describe('parseInfo', () => {
  it('reads fields and lists with either line ending', () => {
    const info = parseInfo('# Server\r\nredis_version:7.0.15\r\n\r\n# Keyspace\ndb0:keys=1,expires=0\n');

    expect(info.text('redis_version')).toBe('7.0.15');
    expect([...info.list('keyspace')]).toEqual([['db0', 'keys=1,expires=0']]);
  });

  it('gives nothing for what the server did not say', () => {
    const info = parseInfo('config_file:\r\nos:Linux\r\nnonsense\r\n');

    expect(info.text('config_file')).toBeUndefined();
    expect(info.number('config_file')).toBeUndefined();
    expect(info.number('os')).toBeUndefined();
    expect(info.number('absent')).toBeUndefined();
    expect(info.list('errorstats').size).toBe(0);
  });

  it('takes the last value of a field that comes twice, and no field for another that begins alike', () => {
    const info = parseInfo('used_memory_rss:1\r\nused_memory:2\r\nrole:master\r\nused_memory:3\r\n');

    expect(info.number('used_memory')).toBe(3);
    expect(info.number('used_memory_rss')).toBe(1);
    expect(info.number('used_mem')).toBeUndefined();
  });

  it('keeps colons in values and in names of errors', () => {
    const info = parseInfo('executable:/a:b\n# Errorstats\nerrorstat_my:own:count=3\n');

    expect(info.text('executable')).toBe('/a:b');
    expect([...info.list('errorstats')]).toEqual([['errorstat_my:own', 'count=3']]);
  });
});

describe('parseFields', () => {
  it('splits at the first equals sign and skips what is not a field', () => {
    expect([...parseFields('calls=3,usec=1,,odd,x=a=b')]).toEqual([
      ['calls', '3'],
      ['usec', '1'],
      ['x', 'a=b'],
    ]);
  });
});

describe('numbers', () => {
  it('drops a per cent sign and refuses text', () => {
    expect(toNumber('98.23%')).toBe(98.23);
    expect(toNumber('1.02M')).toBeUndefined();
    expect(toNumber('')).toBeUndefined();
  });

  it('takes -1 for never, not for a number', () => {
    expect(known(-1)).toBeUndefined();
    expect(known(0)).toBe(0);
  });
});
