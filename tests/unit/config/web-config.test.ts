import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { webConfigSource } from '../../../src/config/web-config.ts';
import type { WebConfigReading } from '../../../src/core/ports/web-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'reeve-web-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'web.yaml');

/** A hash as it stands in such a file; no part of it may be told. */
const canary = '$2y$10$Canary7c1dCanary7c1dCanary7c1dCanary7c1dCanary7c1dCan';

function read(config: unknown): WebConfigReading {
  writeFileSync(path, typeof config === 'string' ? config : stringify(config));
  return webConfigSource(path).read();
}

function problemsOf(config: unknown): readonly string[] {
  return read(config).problems.map((problem) => `${problem.path}: ${problem.message}`);
}

writeFileSync(join(folder, 'a.crt'), 'CERT');
writeFileSync(join(folder, 'a.key'), 'KEY');
const files = { cert_file: 'a.crt', key_file: 'a.key' };

describe('webConfigSource', () => {
  it.each(['', ' \n\n', '# basic_auth_users:\n', '---\n', 'null\n'])('refuses an empty file: %j', (text) => {
    expect(read(text)).toEqual({
      files: [path],
      config: undefined,
      problems: [{ path: '', message: expect.stringContaining('is empty') }],
    });
  });

  it('takes an empty mapping as no restriction', () => {
    expect(read('{}\n')).toEqual({
      files: [path],
      config: { tls: undefined, headers: {}, users: new Map() },
      problems: [],
    });
  });

  it('finds files relative to itself', () => {
    const { config, files: found } = read({ tls_server_config: files });

    expect(config?.tls).toMatchObject({ certificate: 'CERT', key: 'KEY', minVersion: 'TLSv1.2' });
    expect(found).toEqual([path, join(folder, 'a.crt'), join(folder, 'a.key')]);
  });

  it('knows users by their hashes', () => {
    expect(read({ basic_auth_users: { alice: canary } }).config?.users).toEqual(new Map([['alice', canary]]));
  });

  it('names every problem with its path and line', () => {
    expect(
      problemsOf({
        tls_server_config: { cert_file: 'a.crt', min_version: 'TLS10', client_auth_type: 'Maybe' },
        basic_auth_users: { alice: 'plain' },
        rate_limit: { interval: '1s' },
        basic_auth: {},
      }),
    ).toEqual([
      'tls_server_config.key_file: is missing; it must be text (line 2)',
      'tls_server_config.min_version: must be TLS12 or TLS13; older versions are not offered (line 3)',
      expect.stringMatching(/^tls_server_config\.client_auth_type: must be NoClientCert, .*\(line 4\)$/),
      expect.stringMatching(/^basic_auth_users\.alice: must be a bcrypt hash, .*\(line 6\)$/),
      expect.stringMatching(/^rate_limit: is not offered/),
      'basic_auth: unknown key; did you mean basic_auth_users? (line 9)',
    ]);
  });

  it.each([
    [{ ...files, client_auth_type: 'RequireAndVerifyClientCert' }, /client_ca_file: is needed/],
    [{ ...files, client_ca_file: 'a.crt' }, /client_auth_type: is NoClientCert/],
    [{ ...files, min_version: 'TLS13', max_version: 'TLS12' }, /min_version: is above max_version/],
    [{ ...files, client_allowed_sans: ['a'] }, /client_allowed_sans: needs client_auth_type/],
  ])('refuses %j', (config, message) => {
    expect(problemsOf({ tls_server_config: config }).join('\n')).toMatch(message);
  });

  it('tells the files it would need, also while they are missing', () => {
    const {
      config,
      files: found,
      problems,
    } = read({
      tls_server_config: { cert_file: 'none.crt', key_file: 'none.key' },
    });

    expect(config).toBeUndefined();
    expect(found).toEqual([path, join(folder, 'none.crt'), join(folder, 'none.key')]);
    expect(problems).toMatchObject([
      { path: 'tls_server_config.cert_file', message: 'cannot be read: it does not exist (line 2)' },
      { path: 'tls_server_config.key_file' },
    ]);
  });

  it('says that its file does not exist', () => {
    const missing = join(folder, 'none.yaml');

    expect(webConfigSource(missing).read()).toEqual({
      files: [missing],
      config: undefined,
      problems: [{ path: '', message: 'cannot be read: it does not exist' }],
    });
  });

  it.each([
    ['a quote that is missing', `basic_auth_users:\n  alice: "${canary}\n`],
    ['a colon that is missing', `basic_auth_users:\n  alice ${canary}\n  bob: x\n`],
    ['two colons', `basic_auth_users:\n  alice: ${canary}: x\n`],
    ['a bracket that is missing', `basic_auth_users: { alice: ${canary}\n`],
    ['a tag', `basic_auth_users:\n  alice: !${canary} x\n`],
    ['a directive', `%${canary}\n---\na: 1\n`],
    ['an alias', `basic_auth_users:\n  alice: *${canary}\n`],
    ['text after a block sign', `basic_auth_users:\n  alice: | ${canary}\n`],
    ['a text and no mapping', canary],
    ['a hash that is cut off', { basic_auth_users: { alice: canary.slice(0, -1) } }],
    ['a hash where a name belongs', { basic_auth_users: { [canary]: 'alice' } }],
    ['a hash where a section belongs', { [canary]: 'alice' }],
    ['a hash where a section belongs, with a mapping', { tls_server_config: { [canary]: {} } }],
    ['a hash where a list belongs', { tls_server_config: { ...files, cipher_suites: [canary] } }],
    ['a hash where a file belongs', { tls_server_config: { ...files, key_file: canary } }],
    ['a long text where a file belongs', { tls_server_config: { ...files, key_file: canary.repeat(100) } }],
  ])('repeats nothing of the file when it holds %s', (_what, config) => {
    const problems = problemsOf(config);

    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toMatch(/Canary|7c1d|\$2y/);
  });
});
