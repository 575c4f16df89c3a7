import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RemediationRecords } from '../../../../src/core/ports/remediation-records.ts';
import { RemediationAging } from '../../../../src/store/sqlite/remediation-aging.ts';
import { createRemediationTables } from '../../../../src/store/sqlite/remediation-tables.ts';
import { migrate } from '../../../../src/store/sqlite/schema.ts';
import { day, newYear } from '../../../contract/objective-records.ts';
import { expectUnbrokenAudit } from '../../../contract/records-place.ts';
import { approval, draft, evidence, intent, plan, run } from '../../../contract/remediation-records.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const later = newYear + 400 * day;

describe('RemediationAging', () => {
  let database: DatabaseSync;
  let records: RemediationRecords;

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    migrate(database, 'x.sqlite', 0);
    records = createRemediationTables(database, 'x.sqlite');
  });

  afterEach(() => database.close());

  /** Sweeps until nothing is left to do; how many steps did something. */
  function sweep(now = later, most?: number): number {
    const aging = new RemediationAging(database, new FakeClock(now), most);
    let steps = 0;
    while (aging.step()) steps += 1;
    return steps;
  }

  async function ids(): Promise<readonly string[]> {
    return (await records.runs({})).map(({ id }) => id).toSorted();
  }

  /** An ended run with all that can belong to it. */
  async function keepWhole(pieces = 1): Promise<void> {
    await records.claim(run({ state: 'waiting', planHash: plan().hash }));
    await records.savePlan(plan());
    const change = { state: 'kept', updatedAt: newYear } as const;
    await records.decide(approval(), { revision: 1, change }, draft());
    for (let piece = 0; piece < pieces; piece += 1) await records.addEvidence(evidence({ id: `e-${piece}` }));
    await records.takeLease('target:orders', 'agent', newYear, 1);
    await records.intend(intent(), draft());
  }

  it('forgets a run 400 days after its end, with plan, decision, evidence and acts, and no line of the audit', async () => {
    await keepWhole();
    await records.claim(run({ id: 'r-new', state: 'kept', updatedAt: later }));
    await records.addEvidence(evidence({ id: 'e-new', runId: 'r-new' }));

    sweep();

    expect(await ids()).toEqual(['r-new']);
    expect(await records.plan(plan().hash)).toBeUndefined();
    expect(await records.approval(plan().hash)).toBeUndefined();
    expect(await records.evidence(run().id)).toEqual([]);
    expect(await records.evidence('r-new')).toHaveLength(1);
    expect(await records.acts({})).toEqual([]);
    await expectUnbrokenAudit(records, 2);
  });

  it('keeps a run until then, and one that is open for ever', async () => {
    await keepWhole();
    for (const state of ['preparing', 'waiting', 'approved', 'executing', 'soaking', 'half_applied'] as const)
      await records.claim(run({ id: `r-${state}`, state, updatedAt: newYear }));
    await records.claim(run({ id: 'r-new', state: 'kept', updatedAt: later - 1 }));

    expect(sweep()).toBe(0);
    await records.change('r-new', 1, { updatedAt: later });
    sweep();

    expect(await ids()).toHaveLength(7);
    expect(await ids()).not.toContain(run().id);
  });

  it('keeps a run that was begun again', async () => {
    await records.claim(run({ state: 'failed' }));
    await records.change(run().id, 1, { state: 'preparing', updatedAt: newYear + 1 });
    await records.claim(run({ id: 'r-new', updatedAt: later + day }));

    sweep(later + day);

    expect(await ids()).toEqual(['r-000000000001', 'r-new']);
  });

  it('calls nothing old against a time that is still to come, or in a store that nobody used for years', async () => {
    await keepWhole();
    expect(sweep(later + 1_000 * day)).toBe(0);

    await records.claim(run({ id: 'r-future', updatedAt: later + 1_000 * day }));

    expect(sweep(newYear + day)).toBe(0);
  });

  it('takes many pieces of evidence in steps', async () => {
    await keepWhole(600);
    await records.claim(run({ id: 'r-new', updatedAt: later }));

    expect(sweep()).toBe(3);

    expect(await records.evidence(run().id)).toEqual([]);
  });

  it('lets those that ended first make room where there are too many', async () => {
    for (let index = 1; index <= 5; index += 1)
      await records.claim(run({ id: `r-${index}`, state: 'kept', updatedAt: newYear + index }));
    await records.claim(run({ id: 'r-open', updatedAt: newYear }));

    sweep(newYear + day, 3);

    expect(await ids()).toEqual(['r-3', 'r-4', 'r-5', 'r-open']);
  });
});
