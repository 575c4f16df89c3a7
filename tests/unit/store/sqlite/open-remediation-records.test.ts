import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../../src/core/ports/store.ts';
import { openRemediationRecords } from '../../../../src/store/sqlite/open-remediation-records.ts';
import { openStore } from '../../../../src/store/sqlite/open-store.ts';
import { draft, evidence, plan, run } from '../../../contract/remediation-records.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { createRecordingLog } from '../../../support/recording-log.ts';
import { createTempDir, type TempDir } from '../../../support/temp-dir.ts';
import { takeBackTo } from './older-schema.ts';

describe('openRemediationRecords', () => {
  let directory: TempDir;
  let path: string;

  beforeEach(async () => {
    directory = await createTempDir('store');
    path = join(directory.path, 'data');
  });

  afterEach(() => directory.remove());

  const open = (): Promise<Store> => openStore({ path, clock: new FakeClock(), log: createRecordingLog() });

  async function keep(): Promise<void> {
    const store = await open();
    await store.remediation.claim(run());
    await store.remediation.savePlan(plan());
    await store.remediation.addEvidence(evidence());
    await store.remediation.setPaused({ by: 'ana', at: 1, reason: 'night' }, draft({ event: 'paused' }));
    await store.close();
  }

  function change(how: (database: DatabaseSync) => void): void {
    const database = new DatabaseSync(join(path, 'reeve.sqlite'));
    how(database);
    database.close();
  }

  it('reads what an agent kept that does not run any more', async () => {
    await keep();

    using kept = openRemediationRecords({ path });

    expect(kept?.isInUse).toBe(false);
    expect(await kept?.records.runs({})).toEqual([run()]);
    expect(await kept?.records.countRuns()).toHaveLength(1);
    expect(await kept?.records.plan(plan().hash)).toEqual(plan());
    expect(await kept?.records.evidence(run().id)).toEqual([evidence()]);
    expect(await kept?.records.paused()).toMatchObject({ by: 'ana' });
    expect(await kept?.records.audit(1, 10)).toHaveLength(1);
  });

  it('does not keep an agent from starting, and sees what one writes meanwhile', async () => {
    await keep();
    using kept = openRemediationRecords({ path });

    const agent = await open();
    await agent.remediation.claim(run({ id: 'r-meanwhile' }));

    expect(await kept?.records.runs({})).toHaveLength(2);
    using beside = openRemediationRecords({ path });
    expect(beside?.isInUse).toBe(true);
    await agent.close();
  });

  it('cannot write, whatever it is asked', async () => {
    await keep();
    using kept = openRemediationRecords({ path });

    expect(Object.keys(kept?.records ?? {})).not.toContain('change');
  });

  it('finds nothing where there is no store, or one of an older version, and makes none', async () => {
    expect(openRemediationRecords({ path })).toBeUndefined();
    expect(existsSync(path)).toBe(false);

    await keep();
    change((database) => takeBackTo(4, database));
    expect(openRemediationRecords({ path })).toBeUndefined();
  });

  it('reads a store of the version before once an agent of this one ran on it', async () => {
    await keep();
    change((database) => takeBackTo(4, database));
    await (await open()).close();

    using kept = openRemediationRecords({ path });

    expect(await kept?.records.runs({})).toEqual([]);
  });

  it('refuses what a newer version wrote', async () => {
    await keep();
    change((database) => database.exec(`INSERT INTO schema_migration VALUES (99, 'of the future', 0)`));

    expect(() => openRemediationRecords({ path })).toThrow(/written by a newer version of Reeve \(schema 99/);
  });
});
