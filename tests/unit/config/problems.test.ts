import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load-config.ts';
import { engines, problemsOf, withTarget } from './support.ts';

const pathsAndMessages = (text: string, env: Readonly<Record<string, string>> = {}) =>
  problemsOf(text, env).map(({ path, message }) => `${path}: ${message}`);

describe('the problems of a configuration', () => {
  it('are all listed at once, each with its path and line', () => {
    const found = pathsAndMessages(
      `targets:
  - id: desk
    engine: lampp
    url: { env: NOPE }
  - id: desk
    engine: lamp
    url: lamp://u:s3cret@h
    intervl: 5s
    interval: 5
    deadline: 20s
    labels: { job: x, "a b": y, n: 5 }
    remediation: { mode: autoo, rehearsal: nobody }
  - { id: "x y", engine: lamp, url: { env: WRONG }, shade: { color: red } }
  - 5
metric: {}
shard: { index: 3, count: 3 }
`,
      { WRONG: 'mysql://a:b@c/d' },
    );

    expect(found).toEqual([
      'targets[0].engine: unknown engine "lampp"; did you mean lamp? This version knows lamp (line 3)',
      'targets[1].id: "desk" is already the id of targets[0] (line 5)',
      'targets[1].url: holds a password; keep it out of this file: write { env: NAME } or { file: PATH } (line 7)',
      'targets[1].intervl: unknown key; did you mean interval? (line 8)',
      'targets[1].interval: must be a duration with a unit, such as 500ms, 15s, 2m, 1h30m or 100d (line 9)',
      'targets[1].deadline: must not be longer than the interval (15s) (line 10)',
      'targets[1].labels.job: this label name is reserved; Reeve or Prometheus sets it (line 11)',
      'targets[1].labels["a b"]: label names consist of letters, digits and _, and do not begin with a digit (line 11)',
      'targets[1].labels.n: must be text; write it in quotes, as in "5" (line 11)',
      'targets[1].remediation.mode: must be observe, propose, approve or auto; did you mean auto? (line 12)',
      'targets[1].remediation.rehearsal: there is no target "nobody" (line 12)',
      'targets[2].id: must be letters, digits, ., _ or -, at most 64, and begin and end with a letter or digit (line 13)',
      'targets[2].url: the value of WRONG must begin with lamp://, not mysql:// (line 13)',
      'targets[2].shade.color: unknown key; did you mean colour? (line 13)',
      'targets[3]: must be a mapping of keys to values, not a number (line 14)',
      'metric: unknown key; did you mean metrics? (line 15)',
      'shard.index: must be smaller than count; it begins at 0 (line 16)',
    ]);
  });

  it.each([
    ['url: { env: ORDERS_DATABASE_URL }', 'url', 'environment variable ORDERS_DATABASE_URL is not set'],
    ['url: { env: EMPTY }', 'url', 'environment variable EMPTY is empty'],
    [
      'url: { file: missing.txt }',
      'url',
      'secret file /etc/reeve/missing.txt cannot be read: it does not exist',
    ],
    [
      'url: { password: x }',
      'url',
      'a URL without password, or write { env: NAME } or { file: PATH }, not another mapping',
    ],
    ['key: hunter2', 'key', 'a secret must not stand in this file; write { env: NAME } or { file: PATH }'],
    ['url: lamp://h?password=x', 'url', 'holds a password'],
    ['url: host:5432', 'url', 'the value is not a URL; write lamp://host:port/…'],
    ['pause: 1h', 'pause', 'must be at most 1m'],
    ['pause: 1ms', 'pause', 'must be at least 100ms'],
    ['bulb: 2GiB', 'bulb', 'must be at most 1GiB'],
    ['bulb: 5', 'bulb', 'must be a size with a unit'],
    ['interval: 0s', 'interval', 'must be at least 1s'],
    ['socket: { env: NO_SOCKET }', 'socket', 'the value of NO_SOCKET is no socket'],
    [
      'groups: { bill: { every: 5m } }',
      'groups.bill.every',
      'each reading costs money: must be at least 15m',
    ],
    ['groups: { bil: {} }', 'groups.bil', 'unknown key; did you mean bill?'],
    ['workload: olpt', 'workload', 'must be oltp, olap or cache; did you mean oltp?'],
    ['maxSeries: many', 'maxSeries', 'must be a number, not text'],
    [
      'labels: { replica: x }',
      'labels.replica',
      'reeve_replication_lag_seconds has a label of this name itself',
    ],
    ['labels: { __x: y }', 'labels.__x', 'belong to Prometheus'],
    ['labels: { x: "" }', 'labels.x', 'must not be empty'],
    ['labels: { x: "a\\nb" }', 'labels.x', 'control characters'],
    [
      'objectives: { replication_lag: { max: 1s } }',
      'objectives.replication_lag',
      'did you mean replication_lag_seconds?',
    ],
    [
      'objectives: { index_hit_ratio: { max: 0.9 } }',
      'objectives.index_hit_ratio.max',
      'unknown key; known here: enabled, min',
    ],
    ['objectives: { index_hit_ratio: { min: 97 } }', 'objectives.index_hit_ratio.min', 'must be at most 1'],
    ['objectives: { bigquery_spend_usd: { for: 2m } }', 'objectives.bigquery_spend_usd', 'gets no bound'],
    [
      'objectives: { index_hit_ratio: { budget: 0 } }',
      'objectives.index_hit_ratio.budget',
      'must be more than 0',
    ],
    [
      'objectives: { index_hit_ratio: { capacity: 1GiB } }',
      'objectives.index_hit_ratio.capacity',
      'unknown key',
    ],
    [
      'objectives: { storage_bytes_forecast: { capacity: 0B } }',
      'objectives.storage_bytes_forecast.capacity',
      'must be at least 1B',
    ],
    [
      'objectives: { request_unit_utilization_ratio: { min: 0.5, max: 0.4 } }',
      'objectives.request_unit_utilization_ratio',
      'min (0.5) is above max (0.4)',
    ],
    [
      'objectives: { request_unit_utilization_ratio: { min: 0.9 } }',
      'objectives.request_unit_utilization_ratio',
      'min (0.9) is above max (0.85)',
    ],
    [
      'objectives: { oltp_query_seconds: { max: 3 } }',
      'objectives.oltp_query_seconds.max',
      'must be a duration',
    ],
    ['remediation: { rehearsal: desk }', 'remediation.rehearsal', 'a target cannot be its own rehearsal'],
  ])('name %s', (line, path, message) => {
    const lines = line.startsWith('url:')
      ? `targets:\n  - { id: desk, engine: lamp, ${line} }`
      : withTarget(line);

    const found = problemsOf(lines, { EMPTY: '', NO_SOCKET: 'plain' });

    expect(found.map((problem) => problem.path)).toEqual([`targets[0].${path}`]);
    expect(found[0]?.message).toContain(message);
  });

  it.each([
    ['metrics: { listen: nope }', 'metrics.listen', 'must be host:port'],
    ['metrics: { listen: "h:70000" }', 'metrics.listen', 'must be host:port'],
    [
      'control: { listen: "0.0.0.0:9465" }',
      'control.tokens',
      'must not be empty when the listener can be reached',
    ],
    [
      `control: { tokens: [{ name: a, role: admin, sha256: E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855 }] }`,
      'control.tokens[0].sha256',
      'is the SHA-256 of an empty text, not of a token',
    ],
    [
      `control: { tokens: [{ name: a, role: viewer, sha256: ${'ab'.repeat(32)} }, { name: b, role: admin, sha256: ${'AB'.repeat(32)} }] }`,
      'control.tokens[1]',
      'is the same token as another one; each name needs its own',
    ],
    ['control: { tokens: [{ name: a, role: admin }] }', 'control.tokens[0]', 'give either token or sha256'],
    [
      'control: { externalUrl: reeve.example.com }',
      'control.externalUrl',
      'must be a URL that begins with http',
    ],
    [
      'control: { externalUrl: "https://me:canary@reeve" }',
      'control.externalUrl',
      'must hold no user and no password',
    ],
    [
      'control: { externalUrl: "https://reeve/?a=b" }',
      'control.externalUrl',
      'neither a query nor a fragment',
    ],
    [
      'objectives: [{ match: {}, set: { request_unit_utilization_ratio: { min: 0.9 } } }]',
      'objectives[0].set.request_unit_utilization_ratio',
      'min (0.9) is above max (0.85) on target desk',
    ],
    ['otlp: {}', 'otlp.endpoint', 'is missing'],
    [
      'otlp: { endpoint: "http://c", headers: { Authorization: Bearer x } }',
      'otlp.headers.Authorization',
      'looks like a credential',
    ],
    [
      'otlp: { endpoint: "http://c", interval: 5s, timeout: 6s }',
      'otlp.timeout',
      'must not be longer than interval',
    ],
    ['log: { level: warning }', 'log.level', 'must be debug, info, warn or error; did you mean warn?'],
    [
      'maintenanceWindows: [{ name: n, from: "25:00", to: "01:00" }]',
      'maintenanceWindows[0].from',
      'time of day',
    ],
    [
      'maintenanceWindows: [{ name: n, from: "23:00", to: "01:00", timeZone: Mars/X }]',
      'maintenanceWindows[0].timeZone',
      'is not a time zone',
    ],
    ['objectives: [{ match: {}, set: { nope: {} } }]', 'objectives[0].set.nope', 'unknown key'],
  ])('name %s beside the targets', (line, path, message) => {
    const found = problemsOf(`${withTarget()}\n${line}`);

    expect(found.map((problem) => problem.path)).toEqual([path]);
    expect(found[0]?.message).toContain(message);
  });

  it.each(['', 'targets:', 'targets: []', 'targets: {}'])('name missing targets in %j', (text) => {
    expect(problemsOf(`${text}\nlog: {}`)[0]).toMatchObject({ path: 'targets' });
  });
});

describe('a secret', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is read from a file beside the configuration, without its last line break', () => {
    writeFileSync(join(folder, 'url.txt'), 'lamp://u:pässwörd@h\n');

    const config = parseConfig('targets: [{ id: a, engine: lamp, url: { file: url.txt } }]', {
      path: join(folder, 'reeve.yaml'),
      env: {},
      engines,
    });

    expect(config.redact('login as u with pässwörd failed')).toBe('login as u with [secret] failed');
  });

  it('is refused when its file is empty', () => {
    writeFileSync(join(folder, 'empty.txt'), '\n');

    const load = () =>
      parseConfig('targets: [{ id: a, engine: lamp, url: { file: empty.txt } }]', {
        path: join(folder, 'reeve.yaml'),
        env: {},
        engines,
      });

    expect(load).toThrow('is empty');
  });
});
