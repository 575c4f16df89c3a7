import { describe, expect, it } from 'vitest';
import { inForce, minute, second, snapshot, start, target, Watched } from './judging.ts';

const hitRatio = inForce('index_hit_ratio');
const good = [['hitRatio', 0.99, { database: 'app' }, 50_000]] as const;
const bad = [['hitRatio', 0.8, { database: 'app' }, 50_000]] as const;

function breached(): Watched {
  const watched = new Watched([hitRatio]);
  watched.see(0, bad);
  watched.keepSeeing(10 * minute, bad);
  return watched;
}

describe('severity', () => {
  const ofProject = { project: 'shop', window: 'month' };

  it('is a page from the beginning when a ground holds', () => {
    const watched = new Watched([inForce('bigquery_spend_usd', { max: 1_000 })]);

    watched.see(0, [
      ['spend', 1_200, ofProject],
      ['spend', 9_000, { project: 'shop', window: 'day' }],
      ['spendLower', 1_100, { project: 'shop' }],
    ]);

    expect(watched.only()).toMatchObject({ value: 1_200, breach: { severity: 'page' } });
  });

  it('is raised while a breach is open, and never lowered', () => {
    const watched = new Watched([inForce('bigquery_spend_usd', { max: 1_000 })]);
    watched.see(0, [
      ['spend', 1_200, ofProject],
      ['spendLower', 900, { project: 'shop' }],
      ['spendLower', 9_000, { project: 'other' }],
    ]);
    const before = watched.only().breach?.severity;

    watched.see(15 * second, [
      ['spend', 1_200, ofProject],
      ['spendLower', 1_001, { project: 'shop' }],
    ]);
    watched.see(15 * second, [
      ['spend', 1_200, ofProject],
      ['spendLower', 900, { project: 'shop' }],
    ]);

    expect(before).toBe('ticket');
    expect(watched.only().breach?.severity).toBe('page');
    expect(watched.kinds()).toEqual(['opened', 'raised']);
    expect(watched.published('reeve_objective_severity')).toEqual(['bigquery_spend_usd shop page 1']);
    expect(watched.records.breaches({})).toMatchObject([{ severity: 'page' }]);
  });

  it('heeds on which side, of which subject and with which labels a ground holds', () => {
    const watched = new Watched([inForce('request_unit_utilization_ratio')]);
    const at = (container: string) => ({ database: 'shop', container, region: 'West US' });

    watched.see(0, [
      ['utilization', 0.95, at('hot'), 2_000],
      ['utilization', 0.95, at('warm'), 2_000],
      ['utilization', 0.95, at('calm'), 2_000],
      ['utilization', 0.1, at('idle'), 2_000],
      ['throttled', 0.01, { database: 'shop', container: 'hot', code: '429' }],
      ['throttled', 0.01, { database: 'shop', container: 'warm', code: '503' }],
      ['throttled', 0, { database: 'shop', container: 'calm', code: '429' }],
      ['throttled', 0.01, { database: 'shop', container: 'idle', code: '429' }],
    ]);

    const severities = watched.judge
      .judgements()
      .map(({ subject, breach }) => [subject.split('/')[1], breach?.severity]);
    expect(severities).toEqual([
      ['hot', 'page'],
      ['warm', 'ticket'],
      ['calm', 'ticket'],
      ['idle', 'ticket'],
    ]);
  });
});

describe('what is published', () => {
  it('carries value, bound, state, severity, begin and budget of each subject', () => {
    const watched = breached();

    const lines = watched.samples.map(
      ({ metric, labels, value }) => `${metric.name} ${labels.join(' ')} ${value}`,
    );

    expect(lines).toEqual([
      'reeve_objective_budget_ratio index_hit_ratio 0.01',
      'reeve_objective_value index_hit_ratio app 0.8',
      'reeve_objective_bound index_hit_ratio app min 0.95',
      'reeve_objective_state index_hit_ratio app met 0',
      'reeve_objective_state index_hit_ratio app breached 1',
      'reeve_objective_state index_hit_ratio app unknown 0',
      `reeve_objective_breached_since_timestamp_seconds index_hit_ratio app ${start / 1_000}`,
      'reeve_objective_severity index_hit_ratio app ticket 1',
    ]);
  });

  it('declares every label it carries', () => {
    const watched = breached();

    for (const { metric, labels } of watched.samples)
      expect(labels).toHaveLength(Object.keys(metric.labels).length);
  });

  it('is the same object again when nothing has changed', () => {
    const watched = new Watched([hitRatio]);
    watched.see(0, good);
    const before = watched.samples;

    watched.see(15 * second, good);

    const same = watched.samples.filter((sample) => before.includes(sample));
    expect(same).toHaveLength(before.length - 1);
  });

  it('is nothing for a target that nobody judges', () => {
    const watched = new Watched([hitRatio]);

    expect(watched.judge.judge(snapshot(start, good, { target: target('other') }))).toEqual([]);
  });
});
