import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { type ReeveResult, runReeve } from '../support/process.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';
import { waitUntil } from '../support/wait-until.ts';

/** A cache that misses, as a person finds it: on the page, on the scorecard, after a reload, after a restart. */
describe('objectives on a real Redis', () => {
  let redis: RedisServer;
  let daemon: Daemon;

  beforeAll(async () => {
    redis = await startRedis({});
    daemon = await startDaemon({ config: configOf(0.8), env: environment() });
  }, 60_000);
  afterAll(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  }, 60_000);

  const configOf = (min: number) => ({
    targets: [
      {
        id: 'sessions',
        engine: 'redis',
        url: { env: 'SESSIONS_URL' },
        interval: '1s',
        objectives: { cache_hit_ratio: { min, for: '1s', minimumSamples: 50 } },
      },
    ],
  });
  const environment = () => ({ SESSIONS_URL: redis.url });
  const inState = (state: string) =>
    new RegExp(
      `^reeve_objective_state\\{target="sessions".*objective="cache_hit_ratio".*state="${state}"\\} 1$`,
    );
  const scorecard = (...args: readonly string[]): Promise<ReeveResult> =>
    runReeve(['objectives', '-c', daemon.configPath, ...args], { cwd: daemon.folder, env: environment() });
  const fingerprintOf = ({ stdout }: ReeveResult) => /"fingerprint": "([0-9a-f]{16})"/.exec(stdout)?.[1];

  it('breach when the cache misses: on the page and on the scorecard, with the next step', async () => {
    await daemon.waitForSample(inState('unknown'));
    await lookUntil(daemon, () => miss(redis, 200), inState('breached'));

    const { code, stdout } = await scorecard('--exit-code');

    expect(code).toBe(1);
    expect(stdout).toMatch(
      /BREACHED \(1\)\n {2}ticket {2}sessions {2}cache_hit_ratio\n {6}0 %, must be ≥ 80 %\n/,
    );
    expect(stdout).toContain('next: pipeline: cache');
    const page = await daemon.scrape();
    expect(page).toMatch(/^reeve_objective_value\{.*objective="cache_hit_ratio"\} 0$/m);
    expect(page).toMatch(/^reeve_objective_breached_since_timestamp_seconds\{.*"cache_hit_ratio"\} \d/m);
    expect(page).toMatch(/^reeve_objective_severity\{.*severity="ticket"\} 1$/m);
  }, 60_000);

  it('keep one breach over a restart, and say meanwhile that the agent is not running', async () => {
    const before = fingerprintOf(await scorecard('--json'));
    const { folder } = daemon;
    daemon.process.signal('SIGTERM');
    await daemon.process.exit;

    const stopped = await scorecard('--json');
    const text = await scorecard();

    expect(JSON.parse(stopped.stdout)).toMatchObject({
      agent: 'stopped',
      objectives: expect.arrayContaining([
        expect.objectContaining({
          objective: 'cache_hit_ratio',
          state: 'breached',
          reason: 'agent_stopped',
        }),
      ]),
    });
    expect(fingerprintOf(stopped)).toBe(before);
    expect(text.stdout).toContain('The agent is not running.');
    await using again = await startDaemon({
      config: { ...configOf(0.8), store: { path: join(folder, 'data') } },
      env: environment(),
    });
    await again.waitForSample(inState('breached'));
    const resumed = await runReeve(['objectives', '--json', '-c', again.configPath], {
      cwd: folder,
      env: environment(),
    });
    expect(JSON.parse(resumed.stdout)).toMatchObject({ agent: 'running' });
    expect(fingerprintOf(resumed)).toBe(before);
  }, 90_000);
});

describe('a bound that is reloaded', () => {
  it('is judged by the window that was collected before', async () => {
    await using redis = await startRedis({});
    const config = (min: number) => ({
      targets: [
        {
          id: 'sessions',
          engine: 'redis',
          url: redis.url,
          interval: '1s',
          objectives: { cache_hit_ratio: { min, for: '0s', minimumSamples: 50 } },
        },
      ],
    });
    await using daemon = await startDaemon({ config: config(0.2) });
    const look = async (): Promise<void> => {
      await miss(redis, 50);
      await hit(redis, 50);
    };
    await lookUntil(daemon, look, /^reeve_objective_state\{.*"cache_hit_ratio".*state="met"\} 1$/);
    const basis = await lookups(daemon);

    await daemon.configure(config(0.9));
    const answer = await daemon.control('POST', '/-/reload');

    expect(answer.body).toContain('1 unchanged');
    // No lookup came since: with a window that had begun anew the value would be unknown.
    await daemon.waitForSample(/^reeve_objective_state\{.*"cache_hit_ratio".*state="breached"\} 1$/);
    expect(await lookups(daemon)).toBeGreaterThanOrEqual(basis);
  }, 60_000);
});

async function lookups(daemon: Daemon): Promise<number> {
  const text = await waitUntil('a judged ratio', async () => {
    const { body } = await daemon.control('GET', '/api/v1/objectives');
    return /"objective":"cache_hit_ratio".*?"basis":(\d+)/.exec(body)?.[1];
  });
  return Number(text);
}

/** Lookups before the first reading count for nothing, so they are made until they are seen. */
async function lookUntil(daemon: Daemon, look: () => Promise<void>, pattern: RegExp): Promise<void> {
  await waitUntil(
    `a sample like ${pattern}`,
    async () => {
      await look();
      return (await daemon.scrape()).split('\n').find((line) => pattern.test(line));
    },
    { timeoutMs: 30_000, everyMs: 500 },
  );
}

async function miss(redis: RedisServer, times: number): Promise<void> {
  await redis.command('MGET', ...Array.from({ length: times }, (_, index) => `not-there-${index}`));
}

async function hit(redis: RedisServer, times: number): Promise<void> {
  await redis.command('SET', 'there', 'x');
  await redis.command('MGET', ...Array.from({ length: times }, () => 'there'));
}
