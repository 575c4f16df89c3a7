import { describe, expect, it } from 'vitest';
import { createJudging } from '../../../src/cli/judging.ts';
import { parseConfig } from '../../../src/config/load-config.ts';
import type { ObjectiveRecords } from '../../../src/core/ports/objective-records.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import { createForgetfulStore } from '../../../src/store/forgetful-store.ts';
import { createAgentMetrics } from '../../../src/telemetry/agent-metrics.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { fakeMetrics } from '../../support/fake-engine.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { createServerEngine } from './support.ts';

const engines = new Map([['fake', createServerEngine({ temperature: () => 20 })]]);
const { targets } = parseConfig(
  'targets: [{ id: orders, engine: fake, url: "fake://h", objectives: { bigquery_spend_usd: { max: 1 } } }]',
  { path: 'reeve.yaml', env: {}, engines },
);

function judgingWith(records: ObjectiveRecords) {
  const log = createRecordingLog();
  const agent = createAgentMetrics();
  return { log, agent, judging: createJudging({ records, engines, clock: new FakeClock(), agent, log }) };
}

function snapshot(): Snapshot {
  const [configured] = targets;
  if (configured === undefined) throw new Error('the configuration has a target');
  const { target } = configured;
  const reading = {
    group: 'fast',
    state: 'ok',
    at: 1,
    durationMs: 1,
    errors: [],
    samples: [{ metric: fakeMetrics.temperature, labels: [], value: 40 }],
    findings: [],
    details: {},
    truncatedRows: 0,
  } as const;
  return { target, server: {}, up: true, failure: undefined, at: 1, readings: [reading], samples: [] };
}

/** Records on a disk that is full from the first judgement on. */
function brokenRecords(): ObjectiveRecords {
  const fail = (): never => {
    throw new Error('disk full');
  };
  const { objectives } = createForgetfulStore();
  return {
    states: (target) => objectives.states(target),
    breaches: (filter) => objectives.breaches(filter),
    events: (filter) => objectives.events(filter),
    daily: (series, since) => objectives.daily(series, since),
    dropState: fail,
    saveState: fail,
    saveBreach: fail,
    addEvent: fail,
    addDaily: fail,
    isNewDelivery: fail,
  };
}

const alert = {
  status: 'firing',
  labels: { alertname: 'Foreign', target: 'orders', objective: 'bigquery_spend_usd' },
  annotations: {},
  startsAt: 1,
  endsAt: undefined,
  fingerprint: 'f1',
} as const;

describe('evaluation in the daemon', () => {
  it('adds what it thinks to what was collected', () => {
    const { judging } = judgingWith(createForgetfulStore().objectives);
    judging.apply(targets);

    const { samples } = judging.judged(snapshot());

    expect(samples.map(({ metric }) => metric.name)).toContain('reeve_objective_state');
  });

  it('leaves the snapshot of a target that it does not judge as it is', () => {
    const { judging } = judgingWith(createForgetfulStore().objectives);
    const one = snapshot();

    expect(judging.judged(one)).toBe(one);
  });

  it('costs the collection nothing when it fails, and says so once', () => {
    const { judging, log } = judgingWith(brokenRecords());
    judging.apply(targets);
    const first = snapshot();

    const judged = Array.from({ length: 3 }, () => judging.judged(first));

    expect(judged.slice(0, 1)).toEqual([first]);
    expect(judged).toHaveLength(3);
    expect(log.events.filter(({ message }) => message === 'objectives not judged')).toHaveLength(1);
  });

  it('counts an alert that it could not record, and has it delivered again', async () => {
    const { judging, agent } = judgingWith(brokenRecords());
    judging.apply(targets);

    expect(() => judging.takeAlert(alert)).toThrow('disk full');
    const families = await agent.families();
    const taken = families.find(({ name }) => name === 'reeve_alert_deliveries_total');
    expect(taken?.points).toMatchObject([{ labels: { outcome: 'failed' }, value: 1 }]);
  });

  it('logs what happens as one constant message a kind, with the facts as fields', () => {
    const { judging, log } = judgingWith(createForgetfulStore().objectives);
    judging.apply(targets);
    judging.takeAlert(alert);

    expect(log.events).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: 'objective breached',
        fields: expect.objectContaining({ target: 'orders', objective: 'bigquery_spend_usd' }),
      }),
    );
  });
});
