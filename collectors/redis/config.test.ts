import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../src/sdk.ts';
import { watchTarget } from '../../tests/support/watching.ts';
import { parseAddress } from './connection.ts';
import { engine } from './index.ts';
import { toReplyError } from './reply-error.ts';
import { fixture } from './testing/fixture-engine.ts';
import { parseClusterNodes } from './topology.ts';
import { parseRedisUrl } from './url.ts';

describe('the options of a target', () => {
  const parse = (target: Readonly<Record<string, unknown>>): void => {
    const watching = watchTarget({
      engine,
      target,
      env: { PASS: 'canary', URL: 'redis://:canary@/run/redis.sock' },
    });
    onTestFinished(() => watching.watch.close());
  };
  const sentinel = { name: 'orders', addresses: ['10.0.0.1', '[::1]:26380'], password: { env: 'PASS' } };

  it.each([
    [{ url: 'redis://localhost' }],
    [{ url: 'redis://localhost:6379/' }],
    [{ url: 'redis://localhost/15' }],
    [{ url: 'rediss://localhost:6380', username: 'reeve', password: { env: 'PASS' }, cluster: true }],
    [{ sentinel }],
    [{ url: 'redis://localhost', biggestKeys: { enabled: false, every: '1d', serverTime: '5ms' } }],
  ])('accept %j', (target) => {
    expect(() => parse(target)).not.toThrow();
  });

  it.each([
    [{}, /give either url or sentinel/],
    [{ url: 'redis://localhost', sentinel }, /give either url or sentinel/],
    [{ sentinel, cluster: true }, /needs a url: one node of the cluster/],
    [{ sentinel: { name: 'orders', addresses: ['no port:x'] } }, /must be host or host:port/],
    [{ url: 'redis://:canary@localhost' }, /holds a password/],
    [{ url: 'redis://localhost', password: 'canary' }, /secret/],
    [{ url: 'http://localhost' }, /redis:\/\//],
    [{ url: 'redis://localhost', biggestKey: {} }, /biggestKeys/],
    [{ url: 'redis:///path/to.sock' }, /names no host/],
    [{ url: 'redis://' }, /names no host/],
    [{ url: 'redis://:6380' }, /names no host/],
    [{ url: 'redis://reeve@/0' }, /names no host/],
    [{ url: 'redis://localhost/path/to.sock' }, /only a database number/],
    [{ url: { env: 'URL' } }, /names no host/],
    [{ url: 'redis://localhost:0' }, /must be redis:\/\/host:port/],
  ])('refuse %j', (target, message) => {
    expect(() => parse(target)).toThrow(message);
  });
});

describe('parseRedisUrl', () => {
  it('decodes the login and fills in the port', () => {
    const { address, username, password, encrypted } = parseRedisUrl(
      new Secret('rediss://a%40b:p%2Fw@[::1]/3'),
    );

    expect({ address, username, encrypted }).toEqual({
      address: { host: '::1', port: 6379 },
      username: 'a@b',
      encrypted: true,
    });
    expect(password?.reveal()).toBe('p/w');
  });

  it('takes a password alone, and one with a raw per cent sign', () => {
    const { username, password } = parseRedisUrl(new Secret('redis://:100%sure@cache:1'));

    expect([username, password?.reveal()]).toEqual([undefined, '100%sure']);
  });
});

describe('parseAddress', () => {
  it.each([
    ['cache:1', { host: 'cache', port: 1 }],
    ['cache', { host: 'cache', port: 26_379 }],
    ['[2001:db8::1]:7', { host: '2001:db8::1', port: 7 }],
    ['cache:0', undefined],
    ['cache:70000', undefined],
    ['', undefined],
  ])('reads %s', (text, address) => {
    expect(parseAddress(text, 26_379)).toEqual(address);
  });
});

describe('parseClusterNodes', () => {
  const seed = { host: 'seed', port: 7000 };

  it('reads recorded nodes', () => {
    const { nodes, primaries } = parseClusterNodes(fixture('redis-7.0-cluster-node-cluster-nodes.txt'), seed);

    expect(nodes.map(({ port }) => port)).toEqual([19_820, 18_545, 13_191]);
    expect([...(primaries ?? [])]).toEqual(['127.0.0.1:19820', '127.0.0.1:18545', '127.0.0.1:13191']);
  });

  it('counts a primary without slots among no primaries, and leaves out who has no address', () => {
    const { nodes, primaries } = parseClusterNodes(
      [
        'a :7000@17000 myself,master - 0 0 1 connected 0-10',
        'b 10.0.0.2:7000@17000,b.example master,fail - 0 0 2 disconnected',
        'c 2001:db8::3:7000@17000 slave a 0 0 1 connected',
        'd 10.0.0.4:7000@17000 master - 0 0 3 connected [11->-a]',
        'e :0@0 master,noaddr - 0 0 4 disconnected 11-20',
      ].join('\n'),
      seed,
    );

    expect(nodes).toEqual([
      { host: 'seed', port: 7000 },
      { host: '10.0.0.2', port: 7000 },
      { host: '2001:db8::3', port: 7000 },
      { host: '10.0.0.4', port: 7000 },
    ]);
    expect([...(primaries ?? [])]).toEqual(['seed:7000']);
  });
});

describe('toReplyError', () => {
  const conversation = { server: 'cache:6379', username: 'reeve' };
  const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });

  it.each([
    [
      "NOPERM this user has no permissions to run the 'latency|histogram' command",
      ['LATENCY', 'HISTOGRAM'],
      'denied',
      /: ACL SETUSER reeve \+latency\|histogram$/,
    ],
    [
      'NOPERM this user has no permissions to access one of the keys used as arguments',
      ['MEMORY', 'USAGE', 'customer:7'],
      'denied',
      /MEMORY USAGE on cache:6379: ACL SETUSER reeve %R~\*$/,
    ],
    [
      'WRONGPASS invalid username-password pair',
      ['AUTH', 'reeve', 'canary'],
      'denied',
      /password or user name/,
    ],
    ['NOAUTH Authentication required.', ['INFO'], 'denied', /wants a password/],
    ['LOADING Redis is loading the dataset in memory', ['SCAN', '0'], 'unreachable', /still loading/],
    ["ERR unknown command 'CONFIG'", ['CONFIG', 'GET', 'save'], 'unsupported', /CONFIG GET on cache:6379/],
    ['ERR something else', ['INFO'], 'malformed', /something else/],
  ])('makes of %s', (message, command, code, text) => {
    const error = toReplyError(reply(message), command, conversation);

    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect(error.message).not.toMatch(/canary|customer/);
    expect(error.cause).toBeUndefined();
  });
});
