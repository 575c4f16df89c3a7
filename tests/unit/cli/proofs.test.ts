import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createJudging, type Judging } from '../../../src/cli/judging.ts';
import { createProofs, type Proofs } from '../../../src/cli/proofs.ts';
import { parseConfig } from '../../../src/config/load-config.ts';
import { defineEngine } from '../../../src/core/engine.ts';
import type { Judgement } from '../../../src/core/judgement.ts';
import type { Store } from '../../../src/core/ports/store.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import { createForgetfulStore } from '../../../src/store/forgetful-store.ts';
import { createAgentMetrics } from '../../../src/telemetry/agent-metrics.ts';
import { drill, migration, rollback } from '../../contract/store-proofs.contract.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { fakeManifest, fakeMetrics } from '../../support/fake-engine.ts';
import { createRecordingLog, type RecordingLog } from '../../support/recording-log.ts';

const minute = 60_000;
const day = 86_400_000;

const engine = defineEngine({
  ...fakeManifest,
  proves: ['restore', 'migration'],
  objectives: [
    { objective: 'restore_test_age_seconds', metric: 'size', statistic: 'age', subject: ['room'] },
  ],
  options: () => z.strictObject({ backups: z.record(z.string(), z.object({})).optional() }),
  createCollector: () => Promise.reject(new Error('nobody collects here')),
});
const engines = new Map([['fake', engine]]);

function configured(backups = 'backups: { nightly: {} }') {
  const text = `targets: [{ id: orders, engine: fake${backups === '' ? '' : `, ${backups}`} }]`;
  return parseConfig(text, { path: 'reeve.yaml', env: {}, engines }).targets;
}

/** An agent that judges by its store. */
class Agent {
  readonly clock: FakeClock;
  readonly log: RecordingLog = createRecordingLog();
  readonly proofs: Proofs;
  readonly judging: Judging;
  readonly #targets = configured();

  constructor(store: Store, clock = new FakeClock()) {
    const { log } = this;
    this.clock = clock;
    this.proofs = createProofs({ store, engines, clock, log });
    const agent = createAgentMetrics();
    const { proofs } = this;
    this.judging = createJudging({ records: store.objectives, engines, clock, agent, log, proofs });
    this.judging.apply(this.#targets);
  }

  /** What is published of a collection now. */
  see(isUp = true): Readonly<Record<string, number>> {
    const [{ target } = { target: undefined }] = this.#targets;
    if (target === undefined) throw new Error('the configuration has a target');
    const at = this.clock.now();
    const reading = {
      group: 'slow',
      state: 'ok',
      at,
      durationMs: 1,
      errors: [],
      samples: [{ metric: fakeMetrics.size, labels: ['shop'], value: 40 }],
      findings: [],
      details: {},
      truncatedRows: 0,
    } as const;
    const failure = isUp ? undefined : ({ subject: '', code: 'unreachable', message: 'gone' } as const);
    const collected: Snapshot = {
      target,
      server: {},
      up: isUp,
      failure,
      at,
      readings: isUp ? [reading] : [],
      samples: [],
    };
    const { samples } = this.judging.judged(collected);
    return Object.fromEntries(
      samples.map(({ metric, labels, value }) => [[metric.name, ...labels].join(' '), value]),
    );
  }

  judgement(objective: string, subject: string): Judgement | undefined {
    return this.judging.judgements().find((one) => one.objective === objective && one.subject === subject);
  }
}

describe('objectives that are fed by proofs', () => {
  it('age since the drill that was proven, from the moment it is saved', async () => {
    const agent = new Agent(createForgetfulStore());
    await agent.proofs.refresh();
    agent.see();
    await agent.clock.advance(40 * day);
    await agent.proofs.refresh();
    agent.see();
    const before = agent.judgement('restore_test_age_seconds', 'shop');

    await agent.proofs.records.saveProof(drill({ at: agent.clock.now() - minute, subjects: ['shop'] }));
    const published = agent.see();

    expect(before).toMatchObject({ state: 'breached', value: (40 * day) / 1_000 });
    expect(agent.judgement('restore_test_age_seconds', 'shop')).toMatchObject({ state: 'met', value: 60 });
    expect(published).toMatchObject({ reeve_drill_recovery_seconds: 4.2005 });
  });

  it('remember over a restart, and count an older drill although the database was first seen after it', async () => {
    const store = createForgetfulStore();
    const clock = new FakeClock();
    await store.proofs.saveProof(drill({ at: clock.now() - 35 * day, subjects: [''] }));
    const agent = new Agent(store, clock);
    await agent.proofs.refresh();

    agent.see();

    expect(agent.judgement('restore_test_age_seconds', 'shop')).toMatchObject({
      state: 'breached',
      value: (35 * day) / 1_000,
    });
  });

  it('learn within a refresh what another agent proved, and what a person acknowledged there', async () => {
    const store = createForgetfulStore();
    const agent = new Agent(store);
    const lossy = migration({ at: agent.clock.now() - 30 * day, migration: '1.sql', rowsLost: 3 });
    await store.proofs.saveProof(lossy);
    await agent.proofs.refresh();
    agent.see();
    const before = agent.judgement('migration_rows_lost', '1.sql');

    await store.proofs.saveProof({ ...lossy, acknowledgedBy: 'ana' });
    await store.proofs.saveProof(rollback({ at: agent.clock.now(), verified: false }));
    await agent.clock.advance(minute);
    await agent.proofs.refresh();
    agent.see();

    expect(before).toMatchObject({ state: 'breached', value: 3, breach: { severity: 'page' } });
    expect(agent.judgement('migration_rows_lost', '1.sql')).toMatchObject({ state: 'met', value: 0 });
    expect(agent.judgement('migration_rollback_success_ratio', '')).toMatchObject({
      state: 'breached',
      value: 0,
      basis: 1,
    });
  });

  it('judge nothing of a target that was never migrated', async () => {
    const agent = new Agent(createForgetfulStore());
    await agent.proofs.refresh();

    agent.see();

    expect(agent.judging.judgements().map(({ objective }) => objective)).toEqual([
      'restore_test_age_seconds',
    ]);
  });

  it('are unknown of a migration whose rows nobody could count', async () => {
    const store = createForgetfulStore();
    const agent = new Agent(store);
    await store.proofs.saveProof(migration({ at: agent.clock.now(), migration: '1.sql' }));
    await agent.proofs.refresh();

    agent.see();

    expect(agent.judgement('migration_rows_lost', '1.sql')).toMatchObject({
      state: 'unknown',
      reason: 'not_reported',
      detail: 'the rows that it deleted could not be counted',
    });
  });

  it('are judged while the target cannot be reached', async () => {
    const store = createForgetfulStore();
    const agent = new Agent(store);
    await store.proofs.saveProof(migration({ at: agent.clock.now(), migration: '1.sql', rowsLost: 1 }));
    await agent.proofs.refresh();

    agent.see(false);

    expect(agent.judgement('migration_rows_lost', '1.sql')).toMatchObject({ state: 'breached', value: 1 });
  });

  it('let go of rollbacks that are older than their window at once', async () => {
    const store = createForgetfulStore();
    const agent = new Agent(store);
    await store.proofs.saveProof(rollback({ at: agent.clock.now() }));
    await agent.proofs.refresh();
    agent.see();
    const before = agent.judgement('migration_rollback_success_ratio', '');

    await agent.clock.advance(90 * day);
    await agent.proofs.refresh();
    agent.see();

    expect(before).toMatchObject({ state: 'met', value: 1 });
    expect(agent.judgement('migration_rollback_success_ratio', '')).toBeUndefined();
  });

  it('are unknown, never met, while the store cannot be read, and say so once', async () => {
    const store = createForgetfulStore();
    const agent = new Agent(store);
    await store.proofs.saveProof(drill({ at: agent.clock.now(), subjects: ['shop'] }));
    await store.proofs.saveProof(migration({ at: agent.clock.now(), migration: '1.sql', rowsLost: 0 }));
    await agent.proofs.refresh();
    agent.see();
    Object.assign(store.proofs, { proofs: () => Promise.reject(new Error('the store is away')) });

    await agent.clock.advance(5 * minute);
    await agent.proofs.refresh();
    agent.see();
    const soon = agent.judgement('restore_test_age_seconds', 'shop');
    await agent.clock.advance(6 * minute);
    await agent.proofs.refresh();
    agent.see();

    expect(soon).toMatchObject({ state: 'met' });
    for (const [objective, subject] of [
      ['restore_test_age_seconds', 'shop'],
      ['migration_rows_lost', '1.sql'],
    ] as const)
      expect(agent.judgement(objective, subject)).toMatchObject({
        state: 'unknown',
        reason: 'collection_failed',
      });
    expect(agent.log.events.filter(({ message }) => message.includes('cannot be read'))).toHaveLength(1);
  });

  it('begin unknown where the store could not be read at the start', async () => {
    const agent = new Agent(createForgetfulStore());

    agent.see();

    expect(agent.judgement('restore_test_age_seconds', 'shop')).toMatchObject({ state: 'unknown' });
  });
});

describe('what is expected of drills', () => {
  it('is published where backups are configured, since they were first seen, over restarts', async () => {
    const store = createForgetfulStore();
    const first = new Agent(store);
    const since = first.clock.now() / 1_000;
    await first.clock.advance(9 * day);
    const second = new Agent(store, first.clock);
    await second.proofs.refresh();

    expect(second.see()).toMatchObject({ reeve_drill_expected_since_timestamp_seconds: since });
  });

  it('is nothing where no backups are configured', async () => {
    const clock = new FakeClock();
    const proofs = createProofs({ store: createForgetfulStore(), engines, clock, log: createRecordingLog() });
    await proofs.refresh();
    proofs.apply(configured(''));

    expect(proofs.reading('orders')).toMatchObject({ state: 'ok', samples: [] });
    expect(proofs.reading('other')).toBeUndefined();
  });
});
