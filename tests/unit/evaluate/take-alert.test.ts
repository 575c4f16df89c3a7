import { describe, expect, it } from 'vitest';
import { alert, day, hour, inForce, minute, second, start, Watched } from './judging.ts';

const hitRatio = inForce('index_hit_ratio');
const good = [['hitRatio', 0.99, { database: 'app' }, 50_000]] as const;
const bad = [['hitRatio', 0.8, { database: 'app' }, 50_000]] as const;

function watching(rows: typeof good | typeof bad): Watched {
  const watched = new Watched([hitRatio]);
  watched.see(0, rows);
  watched.keepSeeing(10 * minute, rows);
  return watched;
}

const resolved = { status: 'resolved', endsAt: start + hour } as const;

describe('an alert of somebody else', () => {
  it('opens a breach that lasts until it is resolved, although evaluation finds the value fine', () => {
    const watched = watching(good);

    const answer = watched.judge.takeAlert(alert({ startsAt: start + 4 * minute }));
    watched.keepSeeing(hour, good);
    const held = watched.only();
    const samples = watched.published('reeve_objective_state');
    const last = watched.judge.takeAlert(alert({ startsAt: start + 4 * minute, ...resolved }));
    watched.see(15 * second, good);

    expect(answer).toMatchObject({
      outcome: 'opened',
      text: 'index_hit_ratio of orders (app) is breached, says alert HitRatioLow',
    });
    expect(held).toMatchObject({
      state: 'breached',
      breach: {
        holders: ['alert'],
        since: start + 4 * minute,
        openedAt: start + 10 * minute,
        value: undefined,
        side: undefined,
      },
    });
    expect(samples).toContain('index_hit_ratio app breached 1');
    expect(last).toMatchObject({
      outcome: 'closed',
      breach: { closeReason: 'resolved', durationMs: hour + 6 * minute },
    });
    expect(watched.only().state).toBe('met');
    expect(watched.kinds()).toEqual(['met', 'opened', 'closed']);
  });

  it('opens a breach of a subject that was never seen, and leaves no trace of it afterwards', () => {
    const watched = watching(good);
    const labels = { subject: 'reports', severity: 'critical' };

    const answer = watched.judge.takeAlert(alert({ labels }));
    watched.see(15 * second, good);
    const during = watched.only('reports');
    watched.judge.takeAlert(alert({ labels, ...resolved }));
    watched.keepSeeing(25 * hour, good);

    expect(answer.outcome).toBe('opened');
    expect(during).toMatchObject({ state: 'breached', reason: 'not_reported', breach: { severity: 'page' } });
    expect(watched.only().subject).toBe('app');
    expect(watched.records.states('orders').map(({ subject }) => subject)).toEqual(['app']);
  });

  it('may speak of the target as a whole', () => {
    const watched = watching(good);

    watched.judge.takeAlert(alert({ labels: { subject: '' } }));
    watched.see(15 * second, good);

    expect(watched.only('')).toMatchObject({ state: 'breached', breach: { severity: 'ticket' } });
    expect(watched.only('app').state).toBe('met');
  });

  it('joins a breach that evaluation holds, and its end closes nothing', () => {
    const watched = watching(bad);

    const joined = watched.judge.takeAlert(alert({ labels: { severity: 'page' } }));
    const over = watched.judge.takeAlert(alert(resolved));

    expect(joined).toMatchObject({
      outcome: 'held',
      breach: { holders: ['evaluation', 'alert'], severity: 'page' },
    });
    expect(over).toMatchObject({ outcome: 'still_breached', breach: { holders: ['evaluation'] } });
    expect(watched.only().state).toBe('breached');
    expect(watched.kinds()).toEqual(['opened', 'held', 'raised', 'held']);
  });

  it('holds a breach from which evaluation has let go', () => {
    const watched = watching(bad);
    watched.judge.takeAlert(alert());

    watched.see(15 * second, good);
    watched.keepSeeing(10 * minute, good);
    const held = watched.only();
    const over = watched.judge.takeAlert(alert(resolved));

    expect(held).toMatchObject({ state: 'breached', breach: { holders: ['alert'] } });
    expect(over).toMatchObject({ outcome: 'closed', breach: { closeReason: 'resolved' } });
    expect(watched.kinds()).toEqual(['opened', 'held', 'held', 'closed']);
  });

  it('is joined by evaluation', () => {
    const watched = watching(good);
    watched.judge.takeAlert(alert());

    watched.see(15 * second, bad);
    watched.keepSeeing(10 * minute, bad);
    const both = watched.only();
    watched.judge.takeAlert(alert(resolved));

    expect(both.breach?.holders).toEqual(['evaluation', 'alert']);
    expect(watched.only()).toMatchObject({ state: 'breached', breach: { holders: ['evaluation'] } });
    expect(watched.records.breaches({})).toHaveLength(1);
  });

  it('is one of several: the last one to be resolved lets go', () => {
    const watched = watching(good);
    watched.judge.takeAlert(alert());

    const second = watched.judge.takeAlert(alert({ fingerprint: 'a2', labels: { severity: 'page' } }));
    const first = watched.judge.takeAlert(alert(resolved));
    const last = watched.judge.takeAlert(alert({ fingerprint: 'a2', ...resolved }));

    expect([second.outcome, first.outcome, last.outcome]).toEqual(['known', 'still_breached', 'closed']);
    expect(second.breach?.severity).toBe('page');
  });

  it('is taken once, however often it is delivered', () => {
    const watched = watching(good);

    const outcomes = [alert(), alert(), alert(resolved), alert(resolved), alert()].map(
      (one) => watched.judge.takeAlert(one).outcome,
    );

    expect(outcomes).toEqual(['opened', 'duplicate', 'closed', 'duplicate', 'duplicate']);
    expect(watched.records.breaches({})).toHaveLength(1);
  });

  it('is taken once over restarts', () => {
    const watched = watching(good);
    const { breach } = watched.judge.takeAlert(alert());

    watched.restart(minute, false);
    const again = watched.judge.takeAlert(alert());
    watched.see(0, good);
    const over = watched.judge.takeAlert(alert(resolved));

    expect(again).toMatchObject({ outcome: 'duplicate', breach: { fingerprint: breach?.fingerprint } });
    expect(over).toMatchObject({ outcome: 'closed', breach: { fingerprint: breach?.fingerprint } });
  });

  it('opens another breach when it fires anew', () => {
    const watched = watching(good);
    watched.judge.takeAlert(alert());
    watched.judge.takeAlert(alert(resolved));

    const again = watched.judge.takeAlert(alert({ startsAt: start + 10 * minute }));
    const late = watched.judge.takeAlert(alert({ status: 'resolved', startsAt: start + 5 * minute }));

    expect(again.outcome).toBe('opened');
    expect(late.outcome).toBe('still_breached');
    expect(new Set(watched.records.breaches({}).map(({ fingerprint }) => fingerprint)).size).toBe(2);
  });

  it('is forgotten when it is not delivered again for a day', () => {
    const watched = watching(good);
    watched.judge.takeAlert(alert());

    watched.keepSeeing(23 * hour, good);
    watched.judge.takeAlert(alert());
    watched.keepSeeing(23 * hour, good);
    const renewed = watched.only().state;
    watched.keepSeeing(2 * hour, good);

    expect(renewed).toBe('breached');
    expect(watched.only().state).toBe('met');
    expect(watched.records.breaches({})).toMatchObject([{ closeReason: 'resolved' }]);
  });

  it('says nothing new when it is resolved and nothing is open', () => {
    const watched = watching(good);

    expect(watched.judge.takeAlert(alert(resolved))).toEqual({
      outcome: 'nothing_open',
      breach: undefined,
      text: 'alert HitRatioLow is resolved; index_hit_ratio of orders (app) has no open breach',
    });
    expect(watched.kinds()).toEqual(['met', 'alert']);
  });

  it('renews nothing that it does not hold', () => {
    const watched = watching(bad);
    watched.judge.takeAlert(alert({ labels: { subject: 'none' }, ...resolved }));

    watched.judge.takeAlert(alert(resolved));
    watched.judge.takeAlert(alert(resolved));

    expect(watched.only()).toMatchObject({ subject: 'app', breach: { holders: ['evaluation'] } });
  });

  it('cannot make up more than a hundred subjects', () => {
    const watched = watching(good);

    const outcomes = Array.from({ length: 101 }, (_, index) =>
      watched.judge.takeAlert(alert({ fingerprint: `a${index}`, labels: { subject: `made up ${index}` } })),
    );

    expect(outcomes.filter(({ outcome }) => outcome === 'opened')).toHaveLength(100);
    expect(outcomes.at(-1)?.outcome).toBe('not_ours');
  });

  it('remembers twenty alerts about a subject', () => {
    const watched = watching(good);

    for (let index = 0; index < 30; index += 1) watched.judge.takeAlert(alert({ fingerprint: `a${index}` }));
    for (let index = 10; index < 30; index += 1)
      watched.judge.takeAlert(alert({ fingerprint: `a${index}`, ...resolved }));

    expect(watched.only().state).toBe('met');
  });

  it('spends budget while it alone holds a breach', () => {
    const watched = watching(good);
    watched.judge.takeAlert(alert());

    watched.keepSeeing(hour, [], { up: false });

    expect(watched.only().budget.remaining).toBeCloseTo(1 - hour / (0.01 * 30 * day), 5);
  });
});

describe("Reeve's own alert", () => {
  const own = { source: 'reeve' };

  it('joins nothing, so that a breach closes although Prometheus still fires it', () => {
    const watched = watching(bad);

    const answer = watched.judge.takeAlert(alert({ labels: own }));
    watched.see(15 * second, good);
    watched.keepSeeing(10 * minute, good);

    expect(answer).toMatchObject({ outcome: 'known', breach: { holders: ['evaluation'] } });
    expect(watched.only().state).toBe('met');
  });

  it('opens nothing when it comes late', () => {
    const watched = watching(good);

    expect(watched.judge.takeAlert(alert({ labels: own })).outcome).toBe('nothing_open');
    expect(watched.only().state).toBe('met');
  });

  it('closes nothing when its series went stale', () => {
    const watched = watching(bad);
    watched.judge.takeAlert(alert({ labels: own }));

    const answer = watched.judge.takeAlert(alert({ labels: own, ...resolved }));

    expect(answer.outcome).toBe('still_breached');
    expect(watched.only().state).toBe('breached');
  });
});

describe('an alert that is none of ours', () => {
  it.each([
    ['unmapped', { objective: 'index_hit_rate' }],
    ['not_ours', { target: 'elsewhere' }],
    ['not_ours', { objective: 'cache_hit_ratio' }],
  ])('is %s', (outcome, labels) => {
    expect(watching(good).judge.takeAlert(alert({ labels })).outcome).toBe(outcome);
  });

  it('is unmapped without labels', () => {
    const bare = { ...alert(), labels: {} };

    expect(watching(good).judge.takeAlert(bare)).toMatchObject({ outcome: 'unmapped', breach: undefined });
  });

  it('may have no name', () => {
    const { alertname: _, ...labels } = alert().labels;

    expect(watching(good).judge.takeAlert({ ...alert(), labels }).text).toBe(
      'index_hit_ratio of orders (app) is breached, says alert (without a name)',
    );
  });
});
