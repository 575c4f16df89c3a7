import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startOtlpReceiver } from '../../support/otlp/receiver.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { type Running, startRun } from './running.ts';
import { type CliFixture, createCliFixture, type FakeServer } from './support.ts';

const canary = 'canary-S3cr@t';
const env = { URL: `fake://u:${encodeURIComponent(canary)}@db1/orders` };

const configOf = (ids: readonly string[], rest = '') =>
  `targets:\n${ids.map((id) => `  - { id: ${id}, engine: fake, url: { env: URL }, interval: 1s }\n`).join('')}metrics: { listen: "127.0.0.1:0" }\nstore: { path: ./d }\n${rest}`;

describe('reeve run', () => {
  let fixture: CliFixture;
  let running: Running | undefined;
  afterEach(async () => {
    running?.signal('SIGTERM');
    await running?.done;
    running = undefined;
    fixture.remove();
  });

  async function start(
    text: string,
    server: FakeServer = {},
    files: Readonly<Record<string, string>> = {},
  ): Promise<Running> {
    fixture = createCliFixture();
    for (const [name, content] of Object.entries(files)) fixture.write(name, content);
    return startRun(fixture, text, { server, env });
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

  it('takes a target up again whose secret was changed in its file, and shows neither the old nor the new one', async () => {
    const renewed = 'canary-renewed-9c';
    const fileOf = (url: string) => configOf(['orders', 'stock']).replace(url, '{ file: secret }');
    const first = '{ env: URL }';
    // Both are in what the server says, as where a connection of the old collector still fails.
    const message = `neither ${canary} nor ${renewed}`;
    running = await start(fileOf(first), { refused: { orders: message } }, { secret: env.URL });
    const daemon = running;
    await waitUntil('the first failure', () => daemon.log().includes('reading failed') || undefined);
    fixture.write('secret', `fake://u:${renewed}@db1/orders`);

    const { body } = await daemon.reload();
    await waitUntil(
      'the failure with the new secret',
      () => (daemon.log().match(/reading failed/g)?.length ?? 0) >= 2 || undefined,
    );

    expect(body).toContain('targets: 1 changed (orders), 1 unchanged');
    expect(daemon.log().split('configuration reloaded')[1]).toContain('neither [secret] nor [secret]');
    expect(daemon.log()).not.toContain(canary);
    expect(body + (await daemon.scrape())).not.toMatch(/canary/);
  });

  it('counts on its page what was found and what a cap left out', async () => {
    running = await start(configOf(['orders']), { truncatedRows: 3 });
    const daemon = running;

    const page = await waitUntil('the slow group', async () => {
      const text = await daemon.scrape();
      return text.includes('reeve_fake_size_bytes') ? text : undefined;
    });

    expect(page).toContain(
      'reeve_findings{target="orders",engine="fake",code="cold",severity="warning"} 1\n',
    );
    expect(page).toContain('reeve_collect_truncated_rows{target="orders",engine="fake",group="slow"} 3\n');
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

  it('pushes as it is configured, whatever OTEL_ variables say, and names those', async () => {
    const receiver = await startOtlpReceiver();
    vi.stubEnv('OTEL_SDK_DISABLED', 'true');
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-foreign=yes');
    onTestFinished(() => void vi.unstubAllEnvs());
    running = await start(configOf(['orders'], `otlp: { endpoint: "${receiver.url}" }\n`));

    running.signal('SIGTERM');
    await running.done;
    await receiver.close();

    expect(receiver.resourceMetrics.length).toBeGreaterThan(0);
    expect(receiver.requests.filter(({ headers }) => 'x-foreign' in headers)).toEqual([]);
    expect(running.log()).toContain('environment variables OTEL_… are ignored');
    expect(running.log()).toContain('"variables":["OTEL_EXPORTER_OTLP_HEADERS","OTEL_SDK_DISABLED"]');
  });

  it('says what needs a restart as long as it does, and no longer', async () => {
    const first = configOf(['orders']);
    running = await start(first);
    const daemon = running;
    fixture.write('reeve.yaml', `${first}otlp: { endpoint: "http://127.0.0.1:1" }\n`);

    const changed = await daemon.reload();
    const again = await daemon.reload();
    fixture.write('reeve.yaml', first);
    const back = await daemon.reload();

    expect(changed.body).toContain('only after a restart: otlp');
    expect(again.body).toContain('only after a restart: otlp');
    expect(back.body).not.toContain('restart');
  });

  it('ends at once at the second signal, whatever hangs', async () => {
    running = await start(configOf(['orders']), { hangs: true });

    running.signal('SIGTERM');
    running.signal('SIGINT');

    expect(await running.done).toMatchObject({ code: 1 });
    expect(running.log()).toContain('"reason":"second signal"');
  });
});
