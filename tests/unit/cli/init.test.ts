import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { Engine } from '../../../src/core/engine.ts';
import { createCliFixture, createServerEngine } from './support.ts';

const canary = 'canary-S3cr@t';
const url = `fake://user:${encodeURIComponent(canary)}@db1/orders`;
const fixture = createCliFixture();
afterAll(() => fixture.remove());

describe('reeve init', () => {
  it('writes a configuration that is usable and holds no credentials', async () => {
    const { code, stdout, stderr } = await fixture.run([
      'init',
      url,
      'fake://cache.example.com/0',
      'fake://10.0.0.1:7',
      url,
    ]);
    const started = fixture.write('started.yaml', stdout);

    expect(code).toBe(0);
    expect(parseYaml(stdout)).toMatchObject({
      targets: [
        { id: 'orders', engine: 'fake', url: { env: 'ORDERS_URL' } },
        { id: 'cache', url: { env: 'CACHE_URL' } },
        { id: 'fake-10-0-0-1', url: { env: 'FAKE_10_0_0_1_URL' } },
        { id: 'orders-2', url: { env: 'ORDERS_2_URL' } },
      ],
    });
    expect(stderr).toContain("export ORDERS_URL='fake://user:****@db1/orders'");
    expect(stdout + stderr).not.toContain(canary);
    expect(stdout + stderr).not.toContain(encodeURIComponent(canary));
    const used = { ORDERS_URL: url, CACHE_URL: url, FAKE_10_0_0_1_URL: url, ORDERS_2_URL: url };
    expect(await fixture.run(['check', '-c', started], { env: used })).toMatchObject({ code: 0 });
  });

  it('gives ids that YAML reads as text', async () => {
    const { code, stdout } = await fixture.run(['init', 'fake://db/true', 'fake://db/1e3', 'fake://null']);

    expect(code).toBe(0);
    expect(parseYaml(stdout)).toMatchObject({
      targets: [{ id: 'fake-true' }, { id: 'fake-1e3' }, { id: 'fake-null' }],
    });
  });

  it('names the command as it is typed here', async () => {
    const { stdout, stderr } = await fixture.run(['init', url], {
      context: { command: 'node src/main.ts' },
    });

    expect(stdout).toContain('node src/main.ts check -c reeve.yaml');
    expect(stderr).toContain('  2. node src/main.ts check -c reeve.yaml\n');
    expect(stdout + stderr).not.toMatch(/\breeve (?:check|run|collect) /);
  });

  it('does not replace a file unless forced', async () => {
    const out = join(fixture.folder, 'mine.yaml');
    writeFileSync(out, 'mine');

    const refused = await fixture.run(['init', url, '--out', out]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('--force replaces it');
    expect(readFileSync(out, 'utf8')).toBe('mine');

    expect(await fixture.run(['init', url, '--out', out, '--force'])).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(out, 'utf8')).toContain('ORDERS_URL');
  });
});

describe('reeve init of an engine that has no url', () => {
  const server: Engine = {
    ...createServerEngine(),
    starter: {
      protocols: ['fake'],
      lines: ({ hostname, searchParams }, variable) =>
        hostname === ''
          ? undefined
          : [`url: { env: ${variable} }`, `# at ${hostname}${searchParams.get('in') ?? ''}`],
    },
    targetDefaults: { intervalMs: 60_000, deadlineMs: 30_000 },
  };
  const context = { loadEngines: () => Promise.resolve(new Map([['fake', server]])) };

  it('begins with the keys that the engine gives, and asks for the secret alone', async () => {
    const { code, stdout, stderr } = await fixture.run(['init', 'fake://project'], { context });

    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain('    url: { env: PROJECT_SECRET }\n    # at project\n    # interval: 1m');
    expect(stderr).toContain("export PROJECT_SECRET='<secret>'");
  });

  it('lets no name add keys to the configuration', async () => {
    const url = 'fake://project?in=%0A    labels: { injected: yes }';
    const { code, stdout, stderr } = await fixture.run(['init', url], { context });

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('argument 1 holds a line break');
  });

  it('says that a URL says too little', async () => {
    const { code, stderr } = await fixture.run(['init', 'fake:///only'], { context });

    expect(code).toBe(2);
    expect(stderr).toContain('argument 1 says too little about a Fake target; see collectors/fake/README.md');
  });
});
