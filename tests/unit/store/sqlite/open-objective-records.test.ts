import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openObjectiveRecords } from '../../../../src/store/sqlite/open-objective-records.ts';
import { openStore } from '../../../../src/store/sqlite/open-store.ts';
import { breach, event, newYear } from '../../../contract/objective-records.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { createRecordingLog } from '../../../support/recording-log.ts';
import { createTempDir, type TempDir } from '../../../support/temp-dir.ts';

describe('openObjectiveRecords', () => {
  let directory: TempDir;
  let path: string;
  const options = () => ({ path, clock: new FakeClock(), log: createRecordingLog() });

  beforeEach(async () => {
    directory = await createTempDir('store');
    path = join(directory.path, 'data');
  });

  afterEach(() => directory.remove());

  async function keep(): Promise<void> {
    const store = await openStore(options());
    store.objectives.saveBreach(breach());
    store.objectives.addEvent(event());
    store.objectives.saveState({
      target: 'orders',
      objective: 'index_hit_ratio',
      subject: 'shop',
      at: 1,
      json: '{}',
    });
    store.objectives.addDaily({ target: 'orders', metric: 'm', subject: '' }, newYear, 7);
    await store.close();
  }

  function change(sql: string): void {
    const database = new DatabaseSync(join(path, 'reeve.sqlite'));
    database.exec(sql);
    database.close();
  }

  it('reads what an agent kept that does not run any more', async () => {
    await keep();

    using kept = openObjectiveRecords(options());

    expect(kept?.records.breaches({ open: true })).toEqual([breach()]);
    expect(kept?.records.events({})).toEqual([event()]);
    expect(kept?.records.states('orders')).toHaveLength(1);
    expect(kept?.records.daily({ target: 'orders', metric: 'm', subject: '' }, 0)).toHaveLength(1);
  });

  it('does not keep an agent from starting, and sees what one writes meanwhile', async () => {
    await keep();
    using kept = openObjectiveRecords(options());

    const agent = await openStore(options());
    agent.objectives.addEvent(event({ text: 'meanwhile' }));

    expect(kept?.records.events({ limit: 1 })[0]?.text).toBe('meanwhile');
    expect(kept?.isInUse).toBe(false);
    using beside = openObjectiveRecords(options());
    expect(beside?.isInUse).toBe(true);
    await agent.close();
    using after = openObjectiveRecords(options());
    expect(after?.isInUse).toBe(false);
  });

  it('finds nothing where there is no store, and makes none', () => {
    expect(openObjectiveRecords(options())).toBeUndefined();
    expect(existsSync(path)).toBe(false);
  });

  it('finds nothing in a store of an older version, and leaves it as it is', async () => {
    await keep();
    change('DROP TABLE breach; DELETE FROM schema_migration WHERE version >= 4');

    expect(openObjectiveRecords(options())).toBeUndefined();
    expect(readdirSync(path)).not.toContain('reeve.sqlite-journal');
    const database = new DatabaseSync(join(path, 'reeve.sqlite'), { readOnly: true });
    expect(database.prepare('SELECT max(version) AS version FROM schema_migration').get()).toEqual({
      version: 3,
    });
    database.close();
  });

  it('refuses what a newer version wrote', async () => {
    await keep();
    change(`INSERT INTO schema_migration VALUES (99, 'of the future', 0)`);

    expect(() => openObjectiveRecords(options())).toThrow(/written by a newer version of Reeve \(schema 99/);
  });

  it('refuses a file that is no database, and an open breach that nobody wrote', async () => {
    mkdirSync(path);
    writeFileSync(join(path, 'reeve.sqlite'), 'not a database, and long enough to be looked at'.repeat(100));
    expect(() => openObjectiveRecords(options())).toThrow(expect.objectContaining({ code: 'damaged' }));

    await directory.remove();
    mkdirSync(directory.path);
    await keep();
    change(`UPDATE breach SET body = '{}'`);
    expect(() => openObjectiveRecords(options())).toThrow(/reeve\.sqlite is damaged .* in table breach/);
  });
});
