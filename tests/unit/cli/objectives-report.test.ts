import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../src/cli/command-line.ts';
import { renderObjectivesReport } from '../../../src/cli/objectives-report.ts';
import { createScorecard, type Scorecard } from '../../../src/cli/scorecard.ts';
import { parseScorecard } from '../../../src/cli/scorecard-json.ts';
import type { Judgement } from '../../../src/core/judgement.ts';
import { breached, judgement, now, unknown } from './scorecard-lines.ts';

const commandOf = commandLine('reeve', 'reeve.yaml');

const card = (judgements: readonly Judgement[], parts: Partial<Scorecard> = {}): Scorecard => ({
  ...createScorecard({ at: now, agent: 'running', asOf: now, judgements, commandOf }),
  ...parts,
});

const render = (judgements: readonly Judgement[], whole = false): string =>
  renderObjectivesReport(card(judgements), { whole, commandOf });

const few = [
  judgement(),
  judgement({ target: 'shop', objective: 'cache_hit_ratio', subject: '', value: 0.93, bound: { min: 0.8 } }),
  judgement({
    objective: 'oltp_query_seconds',
    value: 0.12,
    bound: { max: 0.1 },
    pendingMs: 90_000,
    since: now - 3 * 86_400_000,
  }),
  breached({ budget: { allowed: 0.01, remaining: -0.25, burnRates: {} } }),
  breached(
    {
      objective: 'replication_lag_seconds',
      subject: '10.0.0.5:5432',
      value: undefined,
      reason: 'unreachable',
      detail: 'no connection to 10.0.0.1:5432: connect ECONNREFUSED',
      bound: { max: 1 },
    },
    { severity: 'page', worst: 9.14, since: now - 3 * 3_600_000 },
  ),
  unknown('no_bound', {
    target: 'billing',
    objective: 'bigquery_spend_usd',
    subject: 'acme-prod',
    value: 1250,
    bound: {},
  }),
  unknown('too_few_samples', { target: 'shop', subject: 'idle', blind: true, detail: '40 observations' }),
];

describe('renderObjectivesReport', () => {
  it('shows the worst first, each with value, bound, since when and what next', () => {
    expect(render(few)).toBe(`BREACHED (2)
  page  orders  replication_lag_seconds  10.0.0.5:5432
      unknown (unreachable), must be ≤ 1 s
      no connection to 10.0.0.1:5432: connect ECONNREFUSED
      since 2026-11-23T15:00:00Z (3h), worst 9.14 s, 80 % of the budget left
      next: no pipeline mends this; see why the target cannot be reached
        reeve check --target orders
  ticket  orders  index_hit_ratio  app
      70 %, must be ≥ 95 %
      since 2026-11-23T17:38:00Z (22m), worst 65 %, budget overdrawn by 25 %
      next: pipeline: query optimisation
        reeve collect --target orders --json

UNKNOWN (2)
  index_hit_ratio: too_few_samples, too few observations
      shop  idle    for 3h, blind  40 observations
      next: wait for traffic, or lower objectives.index_hit_ratio.minimumSamples
        reeve objectives --target shop --objective index_hit_ratio
  bigquery_spend_usd: no_bound, no bound was given
      billing  acme-prod  1,250.00 USD  for 3h
      next: give objectives.bigquery_spend_usd.max in the configuration
        reeve objectives --target billing --objective bigquery_spend_usd

MET (3)
  oltp_query_seconds
      orders  app  120 ms  ≤ 100 ms  violated for 90 s so far
  index_hit_ratio
      orders  app  99.1 %  ≥ 95 %  for 3h
  cache_hit_ratio
      shop    93 %  ≥ 80 %  for 3h

7 objectives on 3 targets: 2 breached (1 page, 1 ticket), 2 unknown (1 for over an hour), 3 met
budgets: 1 overdrawn; worst is index_hit_ratio of orders: -25 %
`);
  });

  it('fits into 100 columns for 500 targets, folds what many share, and says how to see the rest', () => {
    const many = Array.from({ length: 500 }, (_, index) => [
      judgement({ target: `production-orders-${index}`, subject: 'a-database-with-a-long-name' }),
      unknown('too_few_samples', {
        target: `production-orders-${index}`,
        objective: 'request_unit_utilization_ratio',
        subject: 'a-database/a-container-that-is-long/West Europe',
        detail: '40 observations, and it takes 1440',
      }),
      ...(index < 60 ? [breached({ target: `production-orders-${index}` })] : []),
    ]).flat();

    const text = render(many);

    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(text.split('\n').length).toBeLessThan(350);
    expect(text).toContain('and 10 more: reeve objectives --state breached\n');
    expect(text).toContain('and 492 more: reeve objectives --state met --objective index_hit_ratio\n');
    expect(text).toContain(
      '1060 objectives on 500 targets: 60 breached (0 pages, 60 tickets), 500 unknown, 500 met',
    );
  });

  it('folds nothing that was asked for', () => {
    const many = Array.from({ length: 60 }, (_, index) => breached({ target: `t${index}` }));

    expect(render(many, true)).toContain('t59');
  });

  it('puts the values that are nearest to their bound first', () => {
    const text = render([
      judgement({ target: 'far', value: 0.999 }),
      judgement({ target: 'near', value: 0.951 }),
      judgement({ target: 'violated', value: 0.9, pendingMs: 1_000 }),
    ]);

    expect(text).toMatch(/violated .*\n.*near .*\n.*far /);
  });

  it('names every target of a shared next step while there are few, and none when there are many', () => {
    const of = (count: number) =>
      Array.from({ length: count }, (_, index) => unknown('unreachable', { target: `t${index}` }));

    expect(render(of(2))).toContain('        reeve check --target t0 --target t1\n');
    expect(render(of(9))).toContain('        reeve check\n');
  });

  it('says once of a target that cannot be reached what cannot be judged and what to do', () => {
    const detail = 'cannot connect: connect ECONNREFUSED 127.0.0.1:1; nothing listens there: is it running?';
    const parts = { target: 'dead', subject: '', detail, since: now - 120_000 };
    const text = render([
      unknown('unreachable', {
        ...parts,
        objective: 'oltp_query_seconds',
        since: now - 7_200_000,
        blind: true,
      }),
      unknown('unreachable', { ...parts, objective: 'restore_test_age_seconds' }),
      unknown('unreachable', { ...parts, objective: 'unused_index_bytes' }),
      unknown('unreachable', { ...parts, objective: 'storage_bytes_forecast' }),
      unknown('unreachable', { ...parts, subject: 'app' }),
      unknown('unreachable', { ...parts, subject: 'billing' }),
      unknown('unreachable', { ...parts, target: 'gone' }),
    ]);

    expect(text).toBe(`UNKNOWN (7)
  dead: unreachable; 6 objectives cannot be judged
      since 2026-11-23T17:58:00Z (2m, blind); cannot connect: connect ECONNREFUSED 127.0.0.1:1; not…
      oltp_query_seconds, index_hit_ratio (2 subjects), restore_test_age_seconds,
      unused_index_bytes, storage_bytes_forecast
  gone: unreachable; 1 objective cannot be judged
      since 2026-11-23T17:58:00Z (2m); cannot connect: connect ECONNREFUSED 127.0.0.1:1; nothing li…
      index_hit_ratio
      next: see why the target cannot be reached
        reeve check --target dead --target gone

7 objectives on 2 targets: 0 breached, 7 unknown (1 for over an hour), 0 met
budgets: none overdrawn; worst is oltp_query_seconds of dead: 80 % left
`);
  });

  it('shows what was known last of a target whose agent is not running, and folds the rest', () => {
    const shards = Array.from({ length: 20 }, (_, index) =>
      unknown('agent_stopped', { subject: `db${index}`, value: 0.99, detail: 'the agent is not running' }),
    );
    const text = render([
      ...shards,
      unknown('agent_stopped', { objective: 'oltp_query_seconds', detail: 'the agent is not running' }),
    ]);

    expect(text).toContain('  orders: agent_stopped; 21 objectives cannot be judged\n      since 2026-');
    expect(text).not.toContain('the agent is not running');
    expect(text).toContain('      index_hit_ratio  db0   was 99 %\n');
    expect(text).toContain('      and 12 more\n      oltp_query_seconds\n      next: start the agent\n');
    expect(render(shards, true)).toContain('db19  was 99 %');
  });

  it('folds targets that cannot be reached when there are many, and names no objective in what to do', () => {
    const many = Array.from({ length: 300 }, (_, index) => [
      unknown('not_collected', { target: `t${index}` }),
      unknown('not_collected', { target: `t${index}`, objective: 'oltp_query_seconds' as const }),
    ]).flat();

    expect(render(many).split('\n').length).toBeLessThan(40);
    expect(render(many)).toContain(
      '  and 292 more: reeve objectives --state unknown\n' +
        '      next: wait for the first collection\n        reeve objectives\n',
    );
    expect(render(many, true)).toContain('t299: not_collected');
  });

  it('says that the agent is not running, and when it last knew', () => {
    const stopped = card([unknown('agent_stopped', { value: 0.99 })], {
      agent: 'stopped',
      asOf: now - 60_000,
    });

    const text = renderObjectivesReport(stopped, { whole: false, commandOf });

    expect(text).toContain(
      'The agent is not running. This is what it knew last, as of 2026-11-23T17:59:00Z.',
    );
    expect(text).toContain('99 %');
    expect(text).toContain('        reeve run\n');
  });

  it('says that there is no history', () => {
    const text = renderObjectivesReport(card([], { agent: 'stopped', asOf: undefined }), {
      whole: false,
      commandOf,
    });

    expect(text).toBe(
      'The agent is not running, and there is no history yet. Start it with\n  reeve run\n\nno objectives\n',
    );
  });

  it('says that nothing is as asked for, which is not that there is nothing', () => {
    expect(render([], true)).toBe('no objective is as asked for\n');
  });

  it('lets no name move the cursor', () => {
    const text = render([breached({ subject: 'a\u001b[2Jb\nc', detail: 'x\u202ey' })]);

    // The line breaks are the report's own.
    expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    expect(text).toContain('a\\u001b[2Jb\\nc');
  });
});

describe('the JSON of a scorecard', () => {
  it('is read back as it was', () => {
    expect(parseScorecard(JSON.stringify(card(few)))).toEqual(card(few));
  });

  it('is read although a newer agent says more', () => {
    const text = JSON.stringify({ ...card(few), more: 1 });

    expect(parseScorecard(text)).toEqual(card(few));
  });

  it.each(['', 'not found', '{}', '{"objectives":[{}]}'])('is not %j', (text) => {
    expect(parseScorecard(text)).toBeUndefined();
  });
});

describe('the command to paste', () => {
  it.each([
    ['reeve.yaml', 'reeve run'],
    ['/etc/reeve/reeve.yaml', 'reeve run -c /etc/reeve/reeve.yaml'],
    ["my file's.yaml", `reeve run -c 'my file'\\''s.yaml'`],
  ])('names the configuration %s', (path, command) => {
    expect(commandLine('reeve', path)('run')).toBe(command);
  });

  it('says of a first violation that it has not lasted long enough, not that the server gave no value', () => {
    const pending = judgement({ state: 'unknown', value: 0.9, pendingMs: 90_000, since: now - 3_600_000 });

    const text = render([pending]);

    expect(text).toContain('index_hit_ratio: violated, and not for long enough to be a breach yet');
    expect(text).toContain('for 90 s');
    expect(text).not.toContain('gave no value');
  });
});
