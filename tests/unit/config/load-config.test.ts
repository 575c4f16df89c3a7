import { describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../../src/config/load-config.ts';
import { Secret } from '../../../src/core/secret.ts';
import { configPath, engines, lampEngine, parse, problemsOf, withTarget } from './support.ts';

describe('loadConfig', () => {
  it('fills in defaults', () => {
    const config = parse(withTarget());

    expect(config.targets[0]?.target).toEqual({
      id: 'desk',
      engine: 'lamp',
      intervalMs: 15_000,
      deadlineMs: 10_000,
      workload: 'oltp',
      labels: {},
      windowsMs: {},
      unusedAfterMs: 100 * 86_400_000,
      groups: {},
      membersComplete: false,
      maxSeries: 5_000,
    });
    expect(config.metrics.listen).toEqual({ host: '127.0.0.1', port: 9464 });
    expect(config.store.path).toBe('/etc/reeve/reeve-data');
    expect(config.targets[0]?.remediation.mode).toBe('observe');
    expect(config.inactive).toEqual([]);
    expect(config.sourcePath).toBe(configPath);
  });

  it('takes the smaller of the interval and 10 s as deadline', () => {
    expect(parse(withTarget('interval: 5s')).targets[0]?.target.deadlineMs).toBe(5_000);
  });

  it('takes interval and deadline that the engine proposes, and the deadline within a shorter interval', () => {
    const slow = { ...lampEngine, targetDefaults: { intervalMs: 60_000, deadlineMs: 30_000 } };
    const timesOf = (text: string) => {
      const { target } = parseConfig(text, {
        path: configPath,
        env: {},
        engines: new Map([['lamp', slow]]),
      }).targets[0] ?? { target: undefined };
      return [target?.intervalMs, target?.deadlineMs];
    };

    expect(timesOf(withTarget())).toEqual([60_000, 30_000]);
    expect(timesOf(withTarget('interval: 20s'))).toEqual([20_000, 20_000]);
  });

  it('hides a text secret and its parts', () => {
    const config = parse(withTarget('socket: { env: SOCKET }'), { SOCKET: 'user;canary-part' });

    expect(config.redact('user;canary-part; canary-part')).toBe('[secret]; [secret]');
  });

  it('freezes the configuration all the way down', () => {
    const config = parse(withTarget('labels: { team: light }'));

    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.targets)).toBe(true);
    expect(Object.isFrozen(config.targets[0]?.target.labels)).toBe(true);
  });

  it('parses the options of the engine', () => {
    const { options } = parse(withTarget('pause: 5s', 'bulb: 4KiB', 'ca: ca.pem')).targets[0] ?? {};

    expect(options).toEqual({
      url: new Secret('lamp://host'),
      pause: 5_000,
      bulb: 4_096,
      ca: '/etc/reeve/ca.pem',
      shade: { colour: 'red' },
    });
  });

  it('takes the whole schema and says what has no effect', () => {
    const config = parse(
      `
targets:
  - id: desk
    engine: lamp
    url: { env: DESK_URL }
    membersComplete: true
    objectives: { index_hit_ratio: { min: 0.97 }, replication_lag_seconds: { max: 500ms, for: 2m } }
    remediation: { mode: propose, rehearsal: shelf, credentials: { env: DESK_ACT }, pipelines: { cache: auto } }
  - { id: shelf, engine: lamp, url: lamp://shelf }
metrics: { listen: "0.0.0.0:9464", webConfigFile: web.yml }
control: { listen: "127.0.0.1:9465", tokens: [{ name: ann, role: admin, token: { env: TOKEN } }] }
otlp: { endpoint: "http://collector:4318", headers: { x-scope: tenant, authorization: { env: TOKEN } } }
store: { url: { env: STORE_URL } }
log: { level: debug, format: json }
objectives: [{ match: { environment: production }, set: { cache_hit_ratio: { min: 0.9 } } }]
remediation: { secondPerson: true, soak: 14d, largestObject: 50GiB }
maintenanceWindows: [{ name: nights, days: [sat, sun], from: "02:00", to: "04:00", timeZone: Europe/Berlin }]
`,
      { DESK_URL: 'lamp://host', DESK_ACT: 'act', TOKEN: 'token-value', STORE_URL: 'postgres://store/reeve' },
    );

    expect(config.targets[0]?.objectives).toMatchObject([
      { id: 'replication_lag_seconds', bound: { max: 0.5 }, forMs: 120_000 },
    ]);
    expect(config.remediation).toMatchObject({
      secondPerson: true,
      soakMs: 14 * 86_400_000,
      largestObjectBytes: 50 * 1024 ** 3,
    });
    expect(config.otlp?.headers['authorization']?.reveal()).toBe('token-value');
    expect(config.inactive).toEqual([
      'objectives[0]: no target carries environment=production',
      'objectives.index_hit_ratio of target desk: nothing that Reeve reads from lamp measures it yet',
      'remediation of target desk: mode propose does nothing: Reeve changes nothing on lamp, it only observes',
    ]);
  });

  it('watches only the targets of its shard', () => {
    const text = ['a', 'b', 'c', 'd', 'e', 'f']
      .map((id) => `  - { id: ${id}, engine: lamp, url: "lamp://h" }`)
      .join('\n');
    const ids = [0, 1].map((index) =>
      parse(`targets:\n${text}\nshard: { index: ${index}, count: 2 }`).targets.map(({ target }) => target.id),
    );

    expect(ids.flat().sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(ids[0]).not.toEqual([]);
    expect(ids[1]).not.toEqual([]);
  });

  it('changes a fingerprint when a secret is rotated, and only then', () => {
    const text = 'targets: [{ id: desk, engine: lamp, url: { env: URL } }]';
    const print = (url: string) => parse(text, { URL: url }).targets[0]?.fingerprint;

    expect(print('lamp://u:one@h')).toBe(print('lamp://u:one@h'));
    expect(print('lamp://u:one@h')).not.toBe(print('lamp://u:two@h'));
  });

  it('shares parts of the file through merge keys', () => {
    const text = `
targets:
  - &first { id: a, engine: lamp, url: "lamp://h", interval: 30s }
  - { <<: *first, id: b }
`;

    expect(parse(text).targets.map(({ target }) => [target.id, target.intervalMs])).toEqual([
      ['a', 30_000],
      ['b', 30_000],
    ]);
  });

  it('says that a file does not exist', () => {
    expect(() => loadConfig({ path: 'nowhere.yaml', env: {}, engines })).toThrow(
      'cannot be read: it does not exist',
    );
  });

  it.each([
    ['', 'is empty; it needs at least targets'],
    ['- a', 'must be a mapping of keys to values, not a list; it needs at least targets'],
    ['targets: [', 'line 1, column 11'],
    ['a: 1\na: 2', 'line 2, column 1: this key is here twice; keep one'],
    ['targets:\n\t- id: x', 'indent with spaces, not with tabs'],
    ['a: !secret x', 'tags (!name) are not supported'],
  ])('says where the syntax of %j is wrong', (text, message) => {
    const [first] = problemsOf(text);

    expect(first?.path).toBe('');
    expect(first?.message).toContain(message);
  });
});
