import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { CliContext, SignalName } from '../../../src/cli/context.ts';
import { startOtlpReceiver } from '../../support/otlp/receiver.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { type CliFixture, createCliFixture, type FakeServer, type Ran } from './support.ts';

const canary = 'canary-S3cr@t';
const env = { URL: `fake://u:${encodeURIComponent(canary)}@db1/orders` };

const configOf = (ids: readonly string[], rest = '') =>
  `targets:\n${ids.map((id) => `  - { id: ${id}, engine: fake, url: { env: URL }, interval: 1s }\n`).join('')}metrics: { listen: "127.0.0.1:0" }\nstore: { path: ./d }\n${rest}`;

interface Running {
  readonly url: string;
  readonly done: Promise<Ran>;
  log(): string;
  signal(name: SignalName): void;
  scrape(): Promise<string>;
  reload(): Promise<{ readonly status: number; readonly body: string }>;
}

describe('reeve run', () => {
  let fixture: CliFixture;
  let running: Running | undefined;
  afterEach(async () => {
    running?.signal('SIGTERM');
    await running?.done;
    running = undefined;
    fixture.remove();
  });

  async function start(text: string, server: FakeServer = {}): Promise<Running> {
    fixture = createCliFixture();
    const path = fixture.write('reeve.yaml', text);
    const listeners = new Map<SignalName, () => void>();
    let log = '';
    const context: Partial<CliContext> = {
      writeNote: (note) => {
        log += note;
      },
      signals: {
        on: (name, listener) => {
          listeners.set(name, listener);
          return () => void listeners.delete(name);
        },
      },
    };
    const done = fixture.run(['run', '-c', path, '--shutdown-timeout', '2s'], { env, server, context });
    const url = await waitUntil('the daemon to run', () => /"metrics":"([^"]+)"/.exec(log)?.[1]);
    return {
      url,
      done,
      log: () => log,
      signal: (name) => listeners.get(name)?.(),
      scrape: async () => (await fetch(url)).text(),
      reload: () => ask(join(fixture.folder, 'd', 'control.sock')),
    };
  }

  it('serves what it collects until SIGTERM, and shows no secret', async () => {
    running = await start(configOf(['orders']), { refused: { orders: canary } });
    const daemon = running;

    const page = await waitUntil('a snapshot', async () => {
      const text = await daemon.scrape();
      return text.includes('reeve_target_up') ? text : undefined;
    });
    daemon.signal('SIGTERM');

    expect(await daemon.done).toMatchObject({ code: 0, stdout: '' });
    expect(page).toContain('reeve_target_up{target="orders",engine="fake"} 0');
    expect(page).toMatch(/^reeve_build_info\{version="1\.2\.3",node="[\d.]+"\} 1$/m);
    expect(page + daemon.log()).not.toContain(canary);
    expect(page + daemon.log()).not.toContain(encodeURIComponent(canary));
    expect(daemon.log()).toContain('"msg":"shut down"');
  });

  it('reloads targets, and says what needs a restart', async () => {
    running = await start(configOf(['orders', 'stock']));
    const daemon = running;
    fixture.write('reeve.yaml', configOf(['orders', 'till'], 'otlp: { endpoint: "http://127.0.0.1:1" }\n'));

    const { status, body } = await daemon.reload();
    const page = await waitUntil('the new target', async () => {
      const text = await daemon.scrape();
      return text.includes('target="till"') ? text : undefined;
    });

    expect(status).toBe(200);
    expect(body).toContain('targets: 1 added (till), 1 removed (stock), 1 unchanged');
    expect(body).toContain('in force only after a restart: otlp');
    expect(page).not.toContain('target="stock"');
    expect(page).toContain('reeve_config_last_reload_successful 1');
  });

  it('keeps the configuration in force when the new one is broken, and says why', async () => {
    running = await start(configOf(['orders']));
    const daemon = running;
    fixture.write('reeve.yaml', configOf(['orders'], 'metric: {}\n'));

    const { status, body } = await daemon.reload();
    daemon.signal('SIGHUP');

    expect(status).toBe(400);
    expect(body).toContain('metric: unknown key; did you mean metrics?');
    expect(await daemon.scrape()).toContain('reeve_config_last_reload_successful 0');
    await waitUntil(
      'the second refusal',
      () => daemon.log().match(/not reloaded/g)?.length === 2 || undefined,
    );
  });

  it('tells the shards of one agent apart where they push to the same place', async () => {
    const receiver = await startOtlpReceiver();
    running = await start(
      configOf(['orders'], `otlp: { endpoint: "${receiver.url}" }\nshard: { index: 0, count: 1 }\n`),
    );

    running.signal('SIGTERM');
    await running.done;
    await receiver.close();

    const resources = receiver.resourceMetrics.map(({ resource }) => resource['service.instance.id']);
    expect(new Set(resources)).toEqual(new Set(['host1/0']));
  });

  it('ends at once at the second signal, whatever hangs', async () => {
    running = await start(configOf(['orders']), { hangs: true });

    running.signal('SIGTERM');
    running.signal('SIGINT');

    expect(await running.done).toMatchObject({ code: 1 });
    expect(running.log()).toContain('"reason":"second signal"');
  });

  it('refuses a store that another agent has, and an address in use', async () => {
    running = await start(configOf(['orders']));
    const sameStore = fixture.write('store.yaml', configOf(['orders']));
    const port = new URL(running.url).port;
    const samePort = fixture.write(
      'port.yaml',
      configOf(['orders']).replace(':0"', `:${port}"`).replace('./d', './other'),
    );

    const [store, address] = [
      await fixture.run(['run', '-c', sameStore], { env }),
      await fixture.run(['run', '-c', samePort], { env }),
    ];

    expect(store).toMatchObject({ code: 1, stdout: '' });
    expect(store.stderr).toContain('is in use by another Reeve');
    expect(address).toMatchObject({ code: 1, stdout: '' });
    expect(address.stderr).toContain(`listen EADDRINUSE 127.0.0.1:${port}`);
  });
});

function ask(socketPath: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method: 'POST', path: '/-/reload' }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.once('error', reject).end();
  });
}
