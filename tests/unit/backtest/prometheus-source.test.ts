import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPrometheusSource } from '../../../src/backtest/prometheus-source.ts';

const range = { query: 'up', fromMs: 0, toMs: 60_000, stepMs: 60_000 };
const empty = JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } });

describe('createPrometheusSource', () => {
  let server: Server;
  let base: string;
  const asked: IncomingMessage[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request);
      if (request.url?.startsWith('/stuck') === true) response.write(empty.slice(0, 9));
      else response.end(empty);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    base = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const ask = async (url: string, token?: string) => {
    await createPrometheusSource({ url: new URL(url), token, timeoutMs: 5_000 }).range(range);
    const request = asked.at(-1);
    return { url: request?.url, authorization: request?.headers.authorization };
  };
  const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;

  it.each([
    ['', '/api/v1/query_range'],
    ['/', '/api/v1/query_range'],
    ['//', '/api/v1/query_range'],
    ['/prometheus/', '/prometheus/api/v1/query_range'],
    ['//other.example/x', '//other.example/x/api/v1/query_range'],
  ])('asks the host that was named and no other, with the path %j', async (path, url) => {
    expect(await ask(`http://${base}${path}`)).toEqual({ url, authorization: undefined });
  });

  it.each([
    ['a:b', 'a:b'],
    ['a:100%', 'a:100%'],
    ['a:p%40ss%C3%A4%', 'a:p@ssä%'],
  ])('logs in with the user and password of %s', async (written, login) => {
    expect((await ask(`http://${written}@${base}`)).authorization).toBe(basic(login));
  });

  it('says that an answer that begins and does not end took too long', async () => {
    const source = createPrometheusSource({
      url: new URL(`http://${base}/stuck`),
      token: undefined,
      timeoutMs: 100,
    });

    await expect(source.range(range)).rejects.toThrow('did not answer within 0.1 s');
  });

  it('prefers a bearer token, and takes an empty one for none', async () => {
    expect((await ask(`http://a:b@${base}`, 'token-1\n')).authorization).toBe('Bearer token-1');
    expect((await ask(`http://a:b@${base}`, '')).authorization).toBe(basic('a:b'));
  });

  it.each(['geheim\nzwei', 'geheim€'])('repeats no token that no header can hold: %j', (token) => {
    const create = () => createPrometheusSource({ url: new URL(`http://${base}`), token, timeoutMs: 5_000 });

    expect(create).toThrow('REEVE_PROMETHEUS_TOKEN');
    expect(create).not.toThrow('geheim');
  });
});
