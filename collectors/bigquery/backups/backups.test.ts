import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valueOf } from '../../../tests/support/watching.ts';
import { type Ground, makeGround } from '../operations/testing/ground.ts';

const hour = 3_600_000;

describe('snapshots and time travel', () => {
  let ground: Ground;

  beforeAll(async () => {
    ground = await makeGround({
      target: {
        backups: {
          nightly: { kind: 'snapshot', dataset: 'kept', of: 'sales' },
          travel: { kind: 'time_travel', tables: ['sales.orders', 'sales.gone'] },
        },
      },
      prepare: ({ tables, inventory }) => {
        for (const name of ['sales', 'kept']) inventory.addDataset({ name });
        const columns = [['id', 'INT64']] as const;
        tables.add({ dataset: 'sales', name: 'orders', columns, rows: [{ id: 1 }, { id: 2 }] });
        tables.add({ dataset: 'sales', name: 'people', columns });
        for (const [name, hours] of [
          ['orders__20261122T000000', 50],
          ['orders__20261124T000000', 2],
        ] as const)
          tables.add({
            dataset: 'kept',
            name,
            columns,
            kind: 'SNAPSHOT',
            rows: [{ id: 1 }],
            base: { dataset: 'sales', name: 'orders', atMs: Date.now() - hours * hour },
            expirationMs: Date.now() + 100 * hour,
          });
      },
    });
  });
  afterAll(() => ground?.[Symbol.asyncDispose]());

  it('knows their age, and what has none', async () => {
    const snapshot = await ground.collect();
    const reading = snapshot.readings.find(({ group }) => group === 'backups');

    expect(valueOf(snapshot, 'reeve_backup_age_seconds', { chain: 'nightly' })).toBeCloseTo(7_200, -2);
    expect(valueOf(snapshot, 'reeve_backup_age_seconds', { chain: 'travel' })).toBeUndefined();
    expect(valueOf(snapshot, 'reeve_backups_damaged', { chain: 'travel' })).toBe(1);
    expect(reading?.findings.map(({ code, subject }) => [code, subject])).toEqual([
      ['tables_without_snapshot', 'nightly'],
      ['backup_damaged', 'travel'],
    ]);
  });

  it('lists them newest first; only a snapshot is a backup that is kept, and no drill is offered', async () => {
    const { backups } = ground.operations;
    const found = await backups?.list(ground.context);

    expect(
      found
        ?.filter(({ chain }) => chain === 'nightly')
        .map(({ name, isRetained, health }) => [name, isRetained, health]),
    ).toEqual([
      ['kept.orders__20261124T000000', true, 'ok'],
      ['kept.orders__20261122T000000', true, 'ok'],
    ]);
    expect(found?.filter(({ chain }) => chain === 'travel').every(({ isRetained }) => !isRetained)).toBe(
      true,
    );
    expect(backups?.chains).toEqual(['nightly', 'travel']);
    expect(Object.keys(backups ?? {})).not.toContain('drill');
  });

  it('reads tables back as they were and says that this is no restore test', async () => {
    const advice = await ground.operations.advise?.('backup', ground.context);

    expect(advice).toMatchObject([
      {
        title: expect.stringContaining('no restore test'),
        body: {
          rows: {
            'sales.orders': expect.stringMatching(/^2 rows as of .*, 2 now$/),
            'sales.gone': 'the table does not exist',
          },
        },
      },
    ]);
  });

  it('says who must be asked when BigQuery refuses to take one, or to list', async () => {
    ground.double.faults.add({ kind: 'accessDenied', on: 'jobs.insert' });
    expect(await ground.operations.backups?.take?.('nightly', ground.context)).toMatchObject({
      text: expect.stringContaining('Access Denied'),
    });
    ground.double.faults.clear();

    ground.double.faults.add({ kind: 'accessDenied', on: 'tables.list' });
    await expect(ground.operations.backups?.list(ground.context)).rejects.toThrow('Access Denied');
    ground.double.faults.clear();
  });

  it('takes a snapshot of every table, with an end', async () => {
    const { backups } = ground.operations;
    const taken = await backups?.take?.('nightly', ground.context);

    expect(taken).toMatchObject({ chain: 'nightly', isRetained: true });
    const made = ground.double.tables
      .inDataset('double-shop', 'kept')
      .filter(({ name }) => name.startsWith('people__'));
    expect(made).toMatchObject([{ kind: 'SNAPSHOT', expirationMs: expect.any(Number) }]);
    expect(await backups?.take?.('travel', ground.context)).toMatchObject({ id: 'chain_takes' });
  });

  it('writes a strategy that names what to fill in', () => {
    const strategy = ground.operations.backups?.strategy('/etc/reeve/backup');

    expect(strategy?.files.map(({ name }) => name)).toEqual(['snapshots.sql', 'restore.sql']);
    expect(strategy?.configLines).toContain('    kind: snapshot');
    expect(strategy?.files[0]?.text).toContain('CREATE SNAPSHOT TABLE');
  });
});
