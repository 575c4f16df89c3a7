import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { waitUntil } from '../../support/wait-until.ts';
import { type Running, startRun } from './running.ts';
import { type CliFixture, createCliFixture, type FakeServer } from './support.ts';

const env = { SECRET: 'webhook-canary' };

const configOf = (max: number, rest = '') => `targets:
  - id: orders
    engine: fake
    url: fake://db1
    interval: 1s
    objectives: { bigquery_spend_usd: { max: ${max}, for: 0s, severity: page } }
metrics: { listen: "127.0.0.1:0" }
store: { path: ./d }
${rest}`;

const breachedLine = /^reeve_objective_state\{.*objective="bigquery_spend_usd".*state="breached"\} 1$/m;
const metLine = /^reeve_objective_state\{.*objective="bigquery_spend_usd".*state="met"\} 1$/m;

describe('reeve objectives', () => {
  let fixture: CliFixture;
  let running: Running | undefined;
  let temperature: number;
  let collectors: number;
  const server: FakeServer = {
    temperature: () => temperature,
    onCollector: () => {
      collectors += 1;
    },
  };
  beforeEach(() => {
    fixture = createCliFixture();
    temperature = 20;
    collectors = 0;
  });
  afterEach(async () => {
    await stop();
    fixture.remove();
  });

  const start = async (text: string): Promise<Running> => {
    running = await startRun(fixture, text, { server, env });
    return running;
  };
  async function stop(): Promise<void> {
    running?.signal('SIGTERM');
    await running?.done;
    running = undefined;
  }
  const untilPage = (daemon: Running, pattern: RegExp) =>
    waitUntil(`a page with ${pattern}`, async () => {
      const page = await daemon.scrape();
      return pattern.test(page) ? page : undefined;
    });
  const objectives = (...args: readonly string[]) =>
    fixture.run(['objectives', '-c', join(fixture.folder, 'reeve.yaml'), ...args], { server, env });
  const fingerprintNow = async (): Promise<unknown> => {
    const { stdout } = await objectives('--json');
    return /"fingerprint": "([0-9a-f]{16})"/.exec(stdout)?.[1];
  };

  it('prints what a running agent knows, and publishes it', async () => {
    temperature = 40;
    const daemon = await start(configOf(30));
    const page = await untilPage(daemon, breachedLine);

    const { code, stdout, stderr } = await objectives();

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('  page  orders  bigquery_spend_usd\n      40.00 USD, must be ≤ 30.00 USD\n');
    expect(stdout).toContain('reeve collect --target orders --json');
    expect(stdout).toContain('1 objective on 1 target: 1 breached (1 page, 0 tickets), 0 unknown, 0 met');
    expect(page).toMatch(/^reeve_objective_value\{.*objective="bigquery_spend_usd"\} 40$/m);
    expect(page).toMatch(/^reeve_objective_events_total\{kind="opened"\} 1$/m);
    expect(daemon.log()).toMatch(/"level":"warn".*"target":"orders".*"msg":"objective breached"/);
  });

  it('prints JSON, and exits with 1 on request when something is breached', async () => {
    temperature = 40;
    await untilPage(await start(configOf(30)), breachedLine);

    const { code, stdout } = await objectives('--json', '--exit-code');

    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      agent: 'running',
      objectives: [
        {
          target: 'orders',
          objective: 'bigquery_spend_usd',
          state: 'breached',
          value: 40,
          unit: 'usd',
          breach: { severity: 'page' },
        },
      ],
      summary: { objectives: 1, targets: 1, breached: 1, pages: 1, unknown: 0, met: 0 },
    });
  });

  it('shows only what was asked for', async () => {
    await untilPage(await start(configOf(30)), metLine);

    expect((await objectives('--state', 'breached', '--exit-code')).stdout).toBe(
      'no objective is as asked for\n',
    );
    expect((await objectives('--objective', 'index_hit_ratio')).stdout).toBe(
      'no objective is as asked for\n',
    );
    expect((await objectives('--target', 'orders', '--state', 'met')).stdout).toContain('MET (1)');
  });

  it.each([
    [['--target', 'order'], 'there is no target "order"'],
    [['--objective', 'hit_ratio'], "'hit_ratio' is invalid"],
    [['--state', 'fine'], "'fine' is invalid"],
  ])('refuses %j', async (args, message) => {
    fixture.write('reeve.yaml', configOf(30));

    const { code, stdout, stderr } = await objectives(...args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('says that there is no history, makes none, and exits with 0', async () => {
    fixture.write('reeve.yaml', configOf(30));

    const { code, stdout } = await objectives('--exit-code');

    expect(code).toBe(0);
    expect(stdout).toContain('The agent is not running, and there is no history yet.');
    expect(stdout).toContain('reeve run');
    expect(existsSync(join(fixture.folder, 'd'))).toBe(false);
  });

  it('says of a stopped agent what it knew: what was met is unknown now', async () => {
    await untilPage(await start(configOf(30)), metLine);
    await stop();

    const { code, stdout } = await objectives('--json');

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      agent: 'stopped',
      objectives: [{ state: 'unknown', reason: 'agent_stopped', value: 20 }],
    });
    expect((await objectives()).stdout).toContain(
      'The agent is not running. This is what it knew last, as of',
    );
  });

  it('keeps a breach over a stop and a restart, the same one', async () => {
    temperature = 40;
    await untilPage(await start(configOf(30)), breachedLine);
    const fingerprint = await fingerprintNow();
    await stop();

    expect(await fingerprintNow()).toBe(fingerprint);
    expect((await objectives('--exit-code')).code).toBe(1);
    await untilPage(await start(configOf(30)), breachedLine);
    expect(await fingerprintNow()).toBe(fingerprint);
  });

  it('judges by a reloaded bound with the collector it has', async () => {
    temperature = 40;
    const daemon = await start(configOf(30));
    await untilPage(daemon, breachedLine);

    fixture.write('reeve.yaml', configOf(60));
    const { body } = await daemon.reload();
    await untilPage(daemon, metLine);

    expect(body).toContain('1 unchanged');
    expect(collectors).toBe(1);
    expect(daemon.log()).toMatch(/"closed"|"msg":"breach closed"/);
    expect((await objectives('--exit-code')).code).toBe(0);
  });

  it('closes the breach of a target that is taken out, and judges one that is added', async () => {
    temperature = 40;
    const daemon = await start(configOf(30));
    await untilPage(daemon, breachedLine);

    fixture.write('reeve.yaml', configOf(30).replace('id: orders', 'id: stock'));
    await daemon.reload();
    await untilPage(daemon, /^reeve_objective_state\{target="stock".*state="breached"\} 1$/m);

    expect((await objectives()).stdout).not.toContain('orders');
    expect(daemon.log()).toMatch(/"target":"orders".*"msg":"breach closed"/);
  });

  it('shows the same over the control listener, takes alerts there, and says where it is', async () => {
    const daemon = await start(
      configOf(30, 'control: { listen: "127.0.0.1:0", webhookSecret: { env: SECRET } }'),
    );
    const page = await untilPage(daemon, metLine);
    const [, url = ''] = /^reeve_control_info\{url="([^"]+)"\} 1$/m.exec(page) ?? [];

    const card = await fetch(`${url}/api/v1/objectives`);
    const alert = {
      status: 'firing',
      labels: { alertname: 'TooExpensive', target: 'orders', objective: 'bigquery_spend_usd' },
      annotations: {},
      startsAt: new Date().toISOString(),
      fingerprint: 'a1b2c3d4e5f60718',
    };
    const delivery = await fetch(`${url}/api/v1/alertmanager`, {
      method: 'POST',
      headers: { authorization: `Bearer ${env.SECRET}`, 'content-type': 'application/json' },
      body: JSON.stringify({ version: '4', status: 'firing', alerts: [alert] }),
    });

    expect(await card.json()).toMatchObject({ agent: 'running', objectives: [{ target: 'orders' }] });
    expect({ status: delivery.status, body: await delivery.text() }).toMatchObject({
      status: 200,
      body: expect.stringContaining('"opened"'),
    });
    await untilPage(daemon, breachedLine);
    expect(await daemon.scrape()).toMatch(/^reeve_alert_deliveries_total\{outcome="opened"\} 1$/m);
    expect(daemon.log()).not.toContain(env.SECRET);
  });

  it.each([
    [404, 'not found', 'answered status 404; is it of another version?'],
    [200, '{"objectives":[{}]}', 'answered something else than a scorecard'],
  ])('does not guess when the agent answers %s %s', async (status, body, message) => {
    fixture.write('reeve.yaml', configOf(30));
    mkdirSync(join(fixture.folder, 'd'));
    const agent = createServer((_, response) => response.writeHead(status).end(body));
    agent.listen(join(fixture.folder, 'd', 'control.sock'));
    onTestFinished(() => void agent.close());
    await once(agent, 'listening');

    const { code, stdout, stderr } = await objectives();

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('says who broke off when the agent ends in the middle of its answer', async () => {
    fixture.write('reeve.yaml', configOf(30));
    mkdirSync(join(fixture.folder, 'd'));
    const agent = createServer((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy());
    });
    agent.listen(join(fixture.folder, 'd', 'control.sock'));
    onTestFinished(() => void agent.close());
    await once(agent, 'listening');

    const { code, stderr } = await objectives();

    expect(code).toBe(1);
    expect(stderr).toMatch(/^reeve: the agent at .*control\.sock does not answer: it ended the connection/);
  });

  it('reads the store beside a socket that a killed agent left behind', async () => {
    fixture.write('reeve.yaml', configOf(30));
    mkdirSync(join(fixture.folder, 'd'));
    writeFileSync(join(fixture.folder, 'd', 'control.sock'), '');

    const { code, stdout } = await objectives();

    expect(code).toBe(0);
    expect(stdout).toContain('The agent is not running');
  });

  it('serves the page that alerts link to, with the command and the runbook of the objective', async () => {
    temperature = 40;
    const daemon = await start(configOf(30, 'control: { listen: "127.0.0.1:0" }'));
    const page = await untilPage(daemon, breachedLine);
    const [, url = ''] = /^reeve_control_info\{url="([^"]+)"\} 1$/m.exec(page) ?? [];

    const html = await (
      await fetch(`${url}/breaches?target=orders&objective=bigquery_spend_usd&subject=`)
    ).text();
    const [, runbook = ''] = /href="(runbooks\/[A-Za-z]+)"/.exec(html) ?? [];

    expect(html).toContain('reeve collect --target orders --json');
    expect(await (await fetch(`${url}/${runbook}`)).text()).toContain('# ReeveBigquerySpendOverBudget');
    expect((await fetch(`${url}/runbooks/None`)).status).toBe(404);
  });

  it('publishes the external address instead of its own', async () => {
    const daemon = await start(
      configOf(30, 'control: { listen: "127.0.0.1:0", externalUrl: "https://reeve.example.com/" }'),
    );

    await untilPage(daemon, /^reeve_control_info\{url="https:\/\/reeve.example.com"\} 1$/m);
  });
});
