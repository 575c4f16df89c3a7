import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { WebConfig } from '../../../src/core/ports/web-config.ts';
import { mostFailures } from '../../../src/http/login-limit.ts';
import { bearer, listenForControl, tokenOf } from '../../support/control-listening.ts';
import { ask, basic } from '../../support/net/http-client.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { createCertificate } from './certificates.ts';

const tokens = [tokenOf('grafana', 'viewer'), tokenOf('oncall', 'approver'), tokenOf('ops', 'admin')];

describe('the control listener with tokens', () => {
  it('answers whether it is healthy to everybody', async () => {
    await using control = await listenForControl({ tokens });

    expect(await ask(`${control.url}/-/healthy`)).toMatchObject({ status: 200, body: 'ok\n' });
  });

  it('asks for a token, which a browser may ask a person for where something is read', async () => {
    await using control = await listenForControl({ tokens });

    const read = await ask(`${control.url}/api/v1/objectives`);
    const write = await ask(`${control.url}/-/reload`, { method: 'POST' });

    expect(read).toMatchObject({ status: 401, body: expect.stringContaining('a token is needed') });
    expect(read.headers['www-authenticate']).toContain('Basic realm=');
    expect(write).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="reeve"' } });
  });

  it.each([
    ['grafana-secret', 200, 403],
    ['oncall-secret', 200, 403],
    ['ops-secret', 200, 200],
    ['guessed', 401, 401],
  ])('lets the bearer %s read: %d, and reload: %d', async (secret, read, reload) => {
    await using control = await listenForControl({ tokens });
    const headers = bearer(secret);

    expect(await ask(`${control.url}/api/v1/objectives`, { headers })).toMatchObject({ status: read });
    expect(await ask(`${control.url}/-/reload`, { method: 'POST', headers })).toMatchObject({
      status: reload,
    });
  });

  it('says which role is needed', async () => {
    await using control = await listenForControl({ tokens });

    const { body } = await ask(`${control.url}/-/reload`, {
      method: 'POST',
      headers: bearer('grafana-secret'),
    });

    expect(body).toContain('this needs the role admin, grafana has viewer');
  });

  it('takes the token as a password for reading, never for changing something', async () => {
    await using control = await listenForControl({ tokens });
    const headers = basic('anybody', 'ops-secret');

    expect(await ask(`${control.url}/breaches`, { headers })).toMatchObject({ status: 200 });
    expect(await ask(`${control.url}/-/reload`, { method: 'POST', headers })).toMatchObject({ status: 401 });
    expect(await ask(`${control.url}/breaches`, { headers: basic('anybody', 'no') })).toMatchObject({
      status: 401,
    });
    expect(
      await ask(`${control.url}/breaches`, { headers: { authorization: 'Basic bm9jb2xvbg==' } }),
    ).toMatchObject({
      status: 401,
    });
  });

  it('asks the same of HEAD as of GET', async () => {
    await using control = await listenForControl({ tokens });

    expect(await ask(`${control.url}/api/v1/objectives`, { method: 'HEAD' })).toMatchObject({ status: 401 });
    expect(
      await ask(`${control.url}/api/v1/objectives`, { method: 'HEAD', headers: bearer('grafana-secret') }),
    ).toMatchObject({ status: 200, body: '' });
  });

  it('does not hear an address after too many failures, until the minute is over', async () => {
    await using control = await listenForControl({ tokens });
    const read = (secret: string) => ask(`${control.url}/api/v1/objectives`, { headers: bearer(secret) });
    for (let failure = 0; failure < mostFailures; failure += 1) await read('guessed');

    const blocked = await read('ops-secret');
    await control.clock.advance(60_000);
    const heard = await read('ops-secret');

    expect(blocked).toMatchObject({ status: 429, headers: { 'retry-after': '60' } });
    expect(heard).toMatchObject({ status: 200 });
  });

  it('tells of failures in the log once and without what was given', async () => {
    await using control = await listenForControl({ tokens });
    for (let failure = 0; failure < 5; failure += 1) {
      await ask(`${control.url}/api/v1/objectives`, { headers: bearer('nearly-ops-secret') });
    }

    expect(control.log.events).toMatchObject([{ level: 'warn', message: 'login refused' }]);
    expect(JSON.stringify(control.log.events)).not.toContain('nearly');
  });

  it('does not mind by which name it is asked', async () => {
    await using control = await listenForControl({ tokens });
    const headers = { ...bearer('grafana-secret'), host: 'reeve.example.org' };

    expect(await ask(`${control.url}/api/v1/objectives`, { headers })).toMatchObject({ status: 200 });
  });

  it('lets no other origin read', async () => {
    await using control = await listenForControl({ tokens });
    const headers = { ...bearer('grafana-secret'), origin: 'https://elsewhere.example' };

    const answer = await ask(`${control.url}/api/v1/objectives`, { headers });

    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('the control listener without tokens', () => {
  it('lets everybody on this machine read, and nobody change anything', async () => {
    await using control = await listenForControl();

    const reload = await ask(`${control.url}/-/reload`, { method: 'POST' });

    expect(await ask(`${control.url}/api/v1/objectives`)).toMatchObject({ status: 200 });
    expect(reload).toMatchObject({ status: 403 });
    expect(reload.body).toContain('control socket');
  });

  it.each([
    ['127.0.0.1:9465', 200],
    ['localhost:9465', 200],
    ['[::1]:9465', 200],
    ['reeve.example.org', 200],
    ['rebound.example.com', 403],
    ['127.0.0.1.example.com:9465', 403],
    ['localhost@evil.example', 403],
    ['a b', 403],
  ])('answers a request for the host %s with %d', async (host, status) => {
    await using control = await listenForControl({ externalUrl: 'https://reeve.example.org/' });

    expect(await ask(`${control.url}/api/v1/objectives`, { headers: { host } })).toMatchObject({ status });
  });
});

describe('the control listener and its web configuration', () => {
  const config: WebConfig = { tls: undefined, headers: { 'x-frame-options': 'DENY' }, users: new Map() };
  const sourceOf = (read: WebConfig) => ({
    path: 'web.yml',
    read: () => ({ files: ['/nonexistent/web.yml'], config: read, problems: [] }),
  });

  it('serves TLS with the headers configured', async () => {
    await using folder = await createTempDir('control-tls');
    const { cert, key } = await createCertificate(join(folder.path), 'server');
    const tls = {
      certificate: cert,
      key,
      clientAuthorities: undefined,
      clientAuth: 'NoClientCert',
      clientNames: [],
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: undefined,
      curves: undefined,
    } as const;
    await using control = await listenForControl({ webConfig: sourceOf({ ...config, tls }) });

    expect(control.url).toMatch(/^https:/);
    expect(await ask(`${control.url}/-/healthy`, { ca: cert })).toMatchObject({
      status: 200,
      headers: { 'x-frame-options': 'DENY' },
    });
  });

  it('does not start with users that would never be asked', async () => {
    const webConfig = sourceOf({ ...config, users: new Map([['prom', '$2b$10$hash']]) });

    await expect(listenForControl({ webConfig })).rejects.toThrow(/basic_auth_users.*control\.tokens/s);
  });
});
