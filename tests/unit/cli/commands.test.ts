import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/core/engine.ts';
import { fakeManifest } from '../../support/fake-engine.ts';
import { createCliFixture, createServerEngine } from './support.ts';

const canary = 'canary-S3cr@t';
const url = `fake://user:${encodeURIComponent(canary)}@db1/orders`;
const fixture = createCliFixture();
afterAll(() => fixture.remove());

const config = fixture.write(
  'reeve.yaml',
  'targets:\n  - { id: orders, engine: fake, url: { env: URL } }\n  - { id: stock, engine: fake, url: { env: URL } }\n',
);
const env = { URL: url };

function expectNoCanary(...texts: readonly string[]): void {
  for (const text of texts) {
    expect(text).not.toContain(canary);
    expect(text).not.toContain(encodeURIComponent(canary));
  }
}

describe('reeve', () => {
  it('prints its version', async () => {
    expect(await fixture.run(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });

  it('prints help with examples as data when asked', async () => {
    const { code, stdout, stderr } = await fixture.run(['--help']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('reeve init postgres://reeve@db1/orders redis://cache1 > reeve.yaml');
  });

  it('suggests a command for an unknown one', async () => {
    const { code, stdout, stderr } = await fixture.run(['chek']);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Did you mean check?');
  });

  it.each([
    [['check', '--no-such']],
    [['collect', '--window', 'soon']],
    [['collect', '--format', 'xml']],
    [['check', '-c', 'nowhere.yaml']],
    [['check', '-c', config, '--target', 'order']],
    [['init']],
    [['init', 'not-a-url']],
    [['init', `nope://u:${canary}@h`]],
    [['generate']],
    [[]],
  ])('exits 2 for %j and prints no data', async (args) => {
    const { code, stdout, stderr } = await fixture.run(args, { env });

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
    expectNoCanary(stderr);
  });

  it('lists every problem of the configuration and exits 2', async () => {
    const broken = fixture.write(
      'broken.yaml',
      'targets: [{ id: a, engine: fak, intervl: 5s }]\nmetric: {}\n',
    );

    const { code, stderr } = await fixture.run(['check', '-c', broken]);

    expect(code).toBe(2);
    expect(stderr).toContain('2 problems');
    expect(stderr).toContain('targets[0].engine: unknown engine "fak"; did you mean fake?');
    expect(stderr).toContain('metric: unknown key; did you mean metrics?');
  });

  it('prints one line for a fault, and the stack only when debugging', async () => {
    const context = { loadEngines: () => Promise.reject(new Error('engine room on fire')) };

    const plain = await fixture.run(['check', '-c', config], { env, context });
    const debug = await fixture.run(['check', '-c', config, '--log-level', 'debug'], { env, context });

    expect(plain).toEqual({ code: 1, stdout: '', stderr: 'reeve: engine room on fire\n' });
    expect(debug.stderr).toContain('at ');
  });
});

describe('reeve check', () => {
  it('is content with targets that lack nothing', async () => {
    const { code, stdout } = await fixture.run(['check', '-c', config], { env });

    expect(code).toBe(0);
    expect(stdout).toContain('orders (fake): reachable, 1.0, primary, db1:5; nothing is missing');
    expect(stdout).toContain('2 targets: 2 can be collected, 0 cannot');
  });

  it('says what is missing, what that blinds, and the statement on a line of its own', async () => {
    const lacks = [
      { severity: 'advice', subject: '', message: 'No thermostat.', remedy: '', groups: [] },
      {
        severity: 'blind',
        subject: 'kitchen',
        message: 'No key to the kitchen.',
        remedy: 'GRANT kitchen TO reeve;',
        groups: ['slow'],
      },
    ] as const;

    const { code, stdout } = await fixture.run(['check', '-c', config, '--target', 'orders'], {
      env,
      server: { lacks },
    });

    expect(code).toBe(0);
    expect(stdout).toContain(
      '  BLIND [kitchen] No key to the kitchen.\n    blinds: groups slow; 1 metric\n    mend it with:\n      GRANT kitchen TO reeve;\n  ADVICE No thermostat.',
    );
    expect(stdout).toContain('1 target: 1 can be collected, 0 cannot; 1 blind spot; 1 piece of advice');
  });

  it('prints a remedy of several lines as it is, comments included', async () => {
    const remedy =
      '-- as a superuser, in each database\nCREATE EXTENSION pg_x;\n# and in the file\nx = on  # kept';
    const lacks = [{ severity: 'blind', subject: '', message: 'No.', remedy, groups: ['slow'] }] as const;

    const { stdout } = await fixture.run(['check', '-c', config, '--target', 'orders'], {
      env,
      server: { lacks },
    });
    const [, printed = ''] = /mend it with:\n((?: {6}.*\n)+)/.exec(stdout) ?? [];

    expect(printed.replaceAll(/^ {6}/gm, '')).toBe(`${remedy}\n`);
  });

  it('keeps names and remedies whole where a password is in them, and not messages', async () => {
    const remedy = 'GRANT kitchen TO reeve;';
    const message = 'No: kitchen.';
    const lacks = [{ severity: 'blind', subject: 'kitchen', message, remedy, groups: ['slow'] }] as const;

    const { stdout } = await fixture.run(['check', '-c', config, '--target', 'orders'], {
      env: { URL: 'fake://reeve:kitchen@db1/orders' },
      server: { lacks },
    });

    expect(stdout).toContain('BLIND [kitchen] No: [secret].');
    expect(stdout).toContain(remedy);
  });

  it('exits 1 when a target cannot be collected, and shows no secret', async () => {
    const server = { refused: { orders: `wrong password ${canary}` } };

    const text = await fixture.run(['check', '-c', config], { env, server });
    const json = await fixture.run(['check', '-c', config, '--json'], { env, server });

    expect(text.code).toBe(1);
    expect(text.stdout).toContain(
      'orders (fake): NOT REACHABLE (denied)\n  wrong password [secret] at [secret]',
    );
    expect(text.stdout).toContain('stock (fake): reachable');
    expect(JSON.parse(json.stdout)).toMatchObject({
      targets: [
        { target: 'orders', reachable: false, error: { code: 'denied' } },
        { target: 'stock', reachable: true, server: { version: '1.0' }, items: [] },
      ],
    });
    expectNoCanary(text.stdout, text.stderr, json.stdout, json.stderr);
  });

  it('gives up on a server that never answers', async () => {
    const { code, stdout } = await fixture.run(
      ['check', '-c', config, '--target', 'orders', '--timeout', '10ms'],
      {
        env,
        server: { hangs: true },
      },
    );

    expect(code).toBe(1);
    expect(stdout).toContain('NOT REACHABLE (timeout)\n  no answer within 10ms');
  });

  it('says which parts of the configuration are not active, beside the data', async () => {
    const path = fixture.write(
      'inactive.yaml',
      `${readFileSync(config, 'utf8')}maintenanceWindows: [{ name: nights, from: "02:00", to: "04:00", match: { team: pay } }]\n`,
    );

    const { stdout, stderr } = await fixture.run(['check', '-c', path], { env });

    expect(stderr).toBe('note: maintenanceWindows nights: no target carries team=pay\n');
    expect(stdout).not.toContain('nights');
  });
});

describe('reeve collect', () => {
  it('prints one reading in the text format, slow groups included', async () => {
    const { code, stdout, stderr } = await fixture.run(['collect', '-c', config, '--target', 'orders'], {
      env,
    });

    expect(code).toBe(0);
    expect(stdout).toContain('reeve_fake_temperature{target="orders",engine="fake"} 20\n');
    expect(stdout).toContain('reeve_fake_size_bytes{target="orders",engine="fake",room="kitchen"} 4\n');
    expect(stdout).not.toContain('stock');
    expect(stderr).toContain('rates and windowed ratios need two');
  });

  it('prints snapshots as JSON', async () => {
    const { stdout } = await fixture.run(['collect', '-c', config, '--json', '--window', '10ms'], { env });

    expect(JSON.parse(stdout)).toMatchObject({
      targets: [
        {
          target: 'orders',
          up: true,
          server: { version: '1.0' },
          groups: [
            { group: 'fast', state: 'ok', errors: [] },
            { group: 'slow', state: 'ok' },
          ],
          findings: [{ code: 'cold', remedy: 'HEAT' }],
          samples: expect.arrayContaining([
            { name: 'reeve_fake_size_bytes', labels: { room: 'kitchen' }, value: 4 },
          ]),
        },
        { target: 'stock' },
      ],
    });
    expectNoCanary(stdout);
  });

  it('leaves out what costs money, says so and what it costs', async () => {
    let paid = 0;
    const server = { onPaid: () => void (paid += 1) };

    const { code, stdout, stderr } = await fixture.run(['collect', '-c', config], { env, server });

    expect([code, paid]).toEqual([0, 0]);
    expect(stdout).not.toContain('reeve_fake_size_bytes{');
    expect(stderr).toContain(
      'note: orders, stock: group slow was left out because reading it costs money (none); --paid reads it',
    );
  });

  it('reads what costs money with --paid, once, and tells it after the second reading too', async () => {
    let paid = 0;
    const server = { onPaid: () => void (paid += 1) };
    const args = ['collect', '-c', config, '--target', 'orders', '--paid', '--window', '10ms'];

    const { stdout, stderr } = await fixture.run(args, { env, server });

    expect(paid).toBe(1);
    expect(stdout).toContain('reeve_fake_size_bytes{target="orders",engine="fake",room="kitchen"} 4\n');
    expect(stderr).not.toContain('left out');
  });

  it('exits 1 and says which target could not be reached, without its secret', async () => {
    const { code, stdout, stderr } = await fixture.run(['collect', '-c', config], {
      env,
      server: { refused: { stock: canary } },
    });

    expect(code).toBe(1);
    expect(stdout).toContain('reeve_target_up{target="stock",engine="fake"} 0');
    expect(stderr).toMatch(/^stock: not reached \((?:unreachable|denied)\): .*\[secret\]/m);
    expectNoCanary(stdout, stderr);
  });
});

describe('reeve collect --timeout', () => {
  it('bounds what is read beside the collections, too', async () => {
    const engine = createServerEngine({ slowHangs: true });
    const slow = { ...fakeManifest.groups.slow, apartDeadlineMs: 600_000 };
    const server: Engine = { ...engine, groups: { ...fakeManifest.groups, slow } };

    const { code, stdout, stderr } = await fixture.run(['collect', '-c', config, '--timeout', '200ms'], {
      env,
      context: { loadEngines: () => Promise.resolve(new Map([['fake', server]])) },
    });

    expect(code).toBe(0);
    expect(stdout).toContain('reeve_fake_temperature');
    expect(stderr).toContain('orders: group slow is unknown (timeout)');
  });
});

describe('reeve run', () => {
  it('refuses a broken configuration before it opens anything', async () => {
    const path = fixture.write('run-broken.yaml', 'targets: []\nstore: { path: ./never }\n');

    expect(await fixture.run(['run', '-c', path])).toMatchObject({ code: 2, stdout: '' });
    expect(existsSync(join(fixture.folder, 'never'))).toBe(false);
  });
});
