import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { webConfigSource } from '../../../src/config/web-config.ts';
import type { Listener } from '../../../src/http/listener.ts';
import { startMetricsServer } from '../../../src/http/metrics-server.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { ask, basic } from '../../support/net/http-client.ts';
import type { RecordingLog } from '../../support/recording-log.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import type { TempDir } from '../../support/temp-dir.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import type { TestCertificate } from './certificates.ts';
import { createCertificate } from './certificates.ts';

const hash = hashSync('open sesame', 4);
let folder: TempDir;
let first: TestCertificate;
let second: TestCertificate;
const opened: Listener[] = [];

beforeAll(async () => {
  folder = await createTempDir('web-config');
  first = await createCertificate(folder.path, 'first');
  second = await createCertificate(folder.path, 'second');
});

afterEach(async () => {
  for (const listener of opened.splice(0)) await listener.close(0);
});

afterAll(async () => {
  await folder.remove();
});

async function write(config: unknown): Promise<string> {
  const file = join(folder.path, 'web.yaml');
  await writeFile(file, typeof config === 'string' ? config : stringify(config));
  return file;
}

interface Started {
  readonly url: string;
  readonly clock: FakeClock;
  readonly log: RecordingLog;
}

async function start(config: unknown): Promise<Started> {
  const clock = new FakeClock();
  const log = createRecordingLog();
  const listener = await startMetricsServer({
    host: '127.0.0.1',
    port: 0,
    webConfig: webConfigSource(await write(config)),
    version: '1.2.3',
    scrape: async () => ({ status: 200, headers: {}, chunks: [Buffer.from('a 1\n')] }),
    awaited: () => ['target orders'],
    clock,
    log,
  });
  opened.push(listener);
  return { url: listener.url, clock, log };
}

const tls = (certificate: TestCertificate, more: Record<string, unknown> = {}) => ({
  tls_server_config: { cert_file: certificate.certFile, key_file: certificate.keyFile, ...more },
});

describe('basic authentication', () => {
  it.each([
    ['nobody', {}, 401],
    ['the right password', basic('alice', 'open sesame'), 200],
    ['a wrong password', basic('alice', 'open barley'), 401],
    ['an unknown user', basic('bob', 'open sesame'), 401],
    ['another scheme', { authorization: 'Bearer open sesame' }, 401],
    ['no colon', { authorization: `Basic ${Buffer.from('alice').toString('base64')}` }, 401],
  ])('answers %s as it should, twice', async (_, headers, status) => {
    const { url } = await start({ basic_auth_users: { alice: hash } });

    const answers = [await ask(`${url}/metrics`, { headers }), await ask(`${url}/metrics`, { headers })];

    expect(answers.map((answer) => answer.status)).toEqual([status, status]);
    if (status === 401) expect(answers[0]?.headers['www-authenticate']).toBe('Basic');
  });

  it('lets probes through, which then learn nothing about targets', async () => {
    const { url } = await start({ basic_auth_users: { alice: hash } });

    expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200 });
    expect(await ask(`${url}/readyz`)).toMatchObject({ status: 503, body: 'not ready\n' });
    expect(await ask(url)).toMatchObject({ status: 401 });
  });

  it('forgets a password that was changed in the file', async () => {
    const { url, clock } = await start({ basic_auth_users: { alice: hash } });
    const headers = basic('alice', 'open sesame');
    await ask(`${url}/metrics`, { headers });

    await write({ basic_auth_users: { alice: hashSync('changed', 4) } });
    await clock.advance(1_001);

    expect(await ask(`${url}/metrics`, { headers })).toMatchObject({ status: 401 });
    expect(await ask(`${url}/metrics`, { headers: basic('alice', 'changed') })).toMatchObject({
      status: 200,
    });
  });

  it('keeps what was in force while the file is broken, and says why once', async () => {
    const { url, clock, log } = await start({ basic_auth_users: { alice: hash } });

    await write({ basic_auth_users: { alice: 'not a hash' } });
    await clock.advance(1_001);
    await ask(`${url}/metrics`);
    await clock.advance(1_001);

    expect(await ask(`${url}/metrics`)).toMatchObject({ status: 401 });
    expect(await ask(`${url}/metrics`, { headers: basic('alice', 'open sesame') })).toMatchObject({
      status: 200,
    });
    expect(log.events).toMatchObject([
      { level: 'error', message: 'web config is broken, the previous one stays in force' },
    ]);
    expect(log.events[0]?.fields['reason']).toContain('basic_auth_users.alice');
  });

  it.each([
    ['is emptied', '', 'web config is broken, the previous one stays in force'],
    ['holds comments only', '# later\n', 'web config is broken, the previous one stays in force'],
    [
      'lists no user any more',
      '{}\n',
      'authentication is switched off by a restart only, the previous web config stays in force',
    ],
    [
      'has an empty list of users',
      'basic_auth_users: {}\n',
      'authentication is switched off by a restart only, the previous web config stays in force',
    ],
  ])('stays on when the file %s', async (_, text, message) => {
    const { url, clock, log } = await start({ basic_auth_users: { alice: hash } });

    await write(text);
    await clock.advance(1_001);

    expect(await ask(`${url}/metrics`)).toMatchObject({ status: 401 });
    expect(await ask(`${url}/metrics`, { headers: basic('alice', 'open sesame') })).toMatchObject({
      status: 200,
    });
    expect(log.events).toMatchObject([{ level: 'error', message }]);
  });

  it('does not start with an empty file', async () => {
    await expect(start('')).rejects.toThrow(/web\.yaml.*is empty/s);
  });
});

describe('response headers', () => {
  it('stand on every answer', async () => {
    const { url } = await start({ http_server_config: { headers: { 'X-Frame-Options': 'deny' } } });

    expect((await ask(`${url}/metrics`)).headers['x-frame-options']).toBe('deny');
    expect((await ask(`${url}/nothing`)).headers['x-frame-options']).toBe('deny');
  });
});

describe('TLS', () => {
  it('serves the certificate of the file', async () => {
    const { url } = await start(tls(first));

    expect(url).toMatch(/^https:/);
    expect(await ask(`${url}/metrics`, { ca: first.cert })).toMatchObject({ status: 200, body: 'a 1\n' });
    await expect(ask(`${url}/metrics`, { ca: second.cert })).rejects.toThrow(/certificate/);
  });

  it('serves a renewed certificate to the next connection', async () => {
    const { url, clock } = await start(tls(first));
    await ask(`${url}/metrics`, { ca: first.cert });

    await write(tls(second));
    await clock.advance(1_001);

    expect(await ask(`${url}/metrics`, { ca: second.cert })).toMatchObject({ status: 200 });
  });

  it('goes on with the old certificate when the new one is broken', async () => {
    const { url, clock, log } = await start(tls(first));

    await write({ tls_server_config: { cert_file: first.certFile, key_file: second.keyFile } });
    await clock.advance(1_001);

    expect(await ask(`${url}/metrics`, { ca: first.cert })).toMatchObject({ status: 200 });
    expect(log.events).toMatchObject([{ level: 'error' }]);
  });

  it('refuses to start with a key of another certificate', async () => {
    await expect(
      start({ tls_server_config: { cert_file: first.certFile, key_file: second.keyFile } }),
    ).rejects.toThrow(/tls_server_config: .*mismatch/);
  });

  it('serves a certificate that was named before it was there, once it is', async () => {
    const { url, clock, log } = await start(tls(first));
    const late = { cert_file: join(folder.path, 'late.crt'), key_file: join(folder.path, 'late.key') };
    await write({ tls_server_config: late });
    await clock.advance(1_001);
    await ask(`${url}/metrics`, { ca: first.cert });

    await copyFile(second.certFile, late.cert_file);
    await copyFile(second.keyFile, late.key_file);
    await clock.advance(1_001);

    expect(await ask(`${url}/metrics`, { ca: second.cert })).toMatchObject({ status: 200 });
    expect(log.events.map(({ level }) => level)).toEqual(['error', 'info']);
  });

  it('refuses clients without a certificate of the authority, where one is asked for', async () => {
    const { url } = await start(
      tls(first, { client_auth_type: 'RequireAndVerifyClientCert', client_ca_file: second.certFile }),
    );
    const known = { ca: first.cert, cert: second.cert, key: second.key };
    const stranger = { ca: first.cert, cert: first.cert, key: first.key };

    expect(await ask(`${url}/metrics`, known)).toMatchObject({ status: 200 });
    await expect(ask(`${url}/metrics`, stranger)).rejects.toThrow();
    await expect(ask(`${url}/metrics`, { ca: first.cert })).rejects.toThrow();
  });

  it('takes any certificate, but one, for RequireAnyClientCert', async () => {
    const { url } = await start(tls(first, { client_auth_type: 'RequireAnyClientCert' }));

    expect(await ask(`${url}/metrics`, { ca: first.cert, cert: first.cert, key: first.key })).toMatchObject({
      status: 200,
    });
    await expect(ask(`${url}/metrics`, { ca: first.cert })).rejects.toThrow();
  });

  it('asks for a name in the certificate where the file lists some', async () => {
    const config = (name: string) =>
      tls(first, {
        client_auth_type: 'RequireAndVerifyClientCert',
        client_ca_file: second.certFile,
        client_allowed_sans: [name],
      });
    const client = { ca: first.cert, cert: second.cert, key: second.key };
    const { url, clock } = await start(config('second'));

    const allowed = await ask(`${url}/metrics`, client);
    await write(config('third'));
    await clock.advance(1_001);

    expect(allowed.status).toBe(200);
    await expect(ask(`${url}/metrics`, client)).rejects.toThrow();
  });
});
