import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Act, JsonObject, MigrationFile, Plan } from '../../../../src/sdk.ts';
import type { BigQueryDouble } from '../../../../tests/support/bigquery/double.ts';
import { type Ground, makeGround, planned } from '../testing/ground.ts';
import { judgeFile } from './judge-files.ts';

const id = 'apply_migration';

function file(name: string, up: string, down: string, tool: MigrationFile['tool'] = 'reeve'): MigrationFile {
  return { name, up, down, tool };
}

const addPhone = file(
  '0001_add_phone',
  'ALTER TABLE people ADD COLUMN phone STRING;\nCREATE TABLE calls (id INT64 NOT NULL, person INT64);',
  'DROP TABLE IF EXISTS calls;\nALTER TABLE people DROP COLUMN IF EXISTS phone;',
);
const dropOld = file(
  '0002_drop_old',
  '-- reeve: drops old_people\nDROP TABLE old_people;',
  'CREATE TABLE IF NOT EXISTS old_people (id INT64);',
);

function request(...files: readonly MigrationFile[]): { readonly request: JsonObject } {
  return { request: { directory: 'migrations', files: files.map((each) => ({ ...each })) } };
}

function prepare({ tables, inventory }: BigQueryDouble): void {
  inventory.addDataset({ name: 'app' });
  tables.add({
    dataset: 'app',
    name: 'people',
    columns: [
      ['id', 'INT64'],
      ['name', 'STRING'],
    ],
    rows: [{ id: 1, name: 'canary-name' }, { id: 2 }],
  });
  tables.add({ dataset: 'app', name: 'old_people', columns: [['id', 'INT64']], rows: [{ id: 1 }] });
}

function onlyAct({ acts }: Plan): Act {
  const [act] = acts;
  if (act === undefined) throw new Error('no act');
  return act;
}

describe('apply_migration', () => {
  let ground: Ground;

  beforeEach(async () => {
    ground = await makeGround({ prepare, isUnread: true, target: { migrations: { dataset: 'app' } } });
  });
  afterEach(() => ground?.[Symbol.asyncDispose]());

  const columns = () =>
    ground.double.tables.get('double-shop', 'app', 'people').columns.map(({ name }) => name);
  const find = (name: string) => ground.double.tables.find('double-shop', 'app', name);

  it('is rehearsed, applied statement by statement, seen in the history, and rolled back to the schema before', async () => {
    const action = ground.action(id);
    const plan = await planned(ground, id, request(addPhone));
    const act = onlyAct(plan);
    await using rehearsal = await makeGround({
      prepare,
      isUnread: true,
      target: { migrations: { dataset: 'app' } },
    });

    expect(plan).toMatchObject({ subject: 'app: 0001_add_phone', acts: [{ id: '0001_add_phone' }] });
    expect(await ground.operations.judge?.(plan)).toEqual([]);
    expect(
      await rehearsal.action(id).rehearse(plan, { ...rehearsal.context, minimumImprovement: 0.2 }),
    ).toMatchObject({
      verdict: 'passed',
      rows: { people: { target: 2, rehearsal: 2 } },
      figures: { rollback: { verified: true } },
    });
    expect(
      rehearsal.double.tables
        .inDataset('double-shop', 'app')
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['old_people', 'people']);

    expect(await action.recheck(plan, ground.context)).toEqual([]);
    expect(await action.apply(plan, act, ground.acting)).toMatchObject({
      result: 'done',
      migration: { rowsLost: 0, lockMs: 0, verified: true },
    });
    expect(columns()).toEqual(['id', 'name', 'phone']);
    expect(await action.inspect(plan, act, ground.context)).toMatchObject({ state: 'done' });
    expect(await action.apply(plan, act, ground.acting)).toMatchObject({ result: 'already' });
    expect(await ground.operations.migrations?.status([addPhone], ground.context)).toMatchObject([
      { name: '0001_add_phone', state: 'applied', runId: 'r-0123456789ab' },
    ]);
    expect(
      await ground.operations.migrations?.status([{ ...addPhone, up: `${addPhone.up} ` }], ground.context),
    ).toMatchObject([{ state: 'changed' }]);

    expect(await action.undo(plan, act, ground.acting)).toMatchObject({
      result: 'done',
      migration: { verified: true },
    });
    expect(columns()).toEqual(['id', 'name']);
    expect(await action.undo(plan, act, ground.acting)).toMatchObject({ result: 'already' });
    expect(await action.inspect(plan, act, ground.context)).toMatchObject({ state: 'pending' });
  });

  it('goes on where an agent died, and does no statement twice', async () => {
    const action = ground.action(id);
    const plan = await planned(ground, id, request(addPhone));
    const act = onlyAct(plan);
    ground.double.faults.add({ kind: 'reset', on: 'jobs.insert', query: 'CREATE TABLE calls' });
    await expect(action.apply(plan, act, ground.acting)).rejects.toThrow('no answer');
    expect(await action.inspect(plan, act, ground.context)).toMatchObject({ state: 'half_applied' });
    ground.double.faults.clear();

    expect(await action.apply(plan, act, ground.acting)).toMatchObject({ result: 'done' });
    const alters = [...ground.double.queries.jobs.values()].filter(({ query }) =>
      query.startsWith('ALTER TABLE people ADD'),
    );
    expect(alters).toHaveLength(1);
  });

  it('takes a file back that failed in the middle, from half-way', async () => {
    const action = ground.action(id);
    const plan = await planned(ground, id, request(addPhone));
    const act = onlyAct(plan);
    ground.double.steering.jobError = (query) =>
      query.startsWith('CREATE TABLE calls') ? { reason: 'internalError', message: 'half-way' } : undefined;

    expect(await action.apply(plan, act, ground.acting)).toMatchObject({ result: 'half_applied' });
    expect(await action.undo(plan, act, ground.acting)).toMatchObject({
      result: 'done',
      migration: { verified: true },
    });
    expect(columns()).toEqual(['id', 'name']);
  });

  it.each([
    ['invalidQuery', 'refused'],
    ['quotaExceeded', 'gave_up'],
    ['bytesBilledLimitExceeded', 'refused'],
  ])('does nothing when its first statement fails by %s', async (reason, result) => {
    const plan = await planned(ground, id, request(addPhone));
    ground.double.steering.jobError = (query) =>
      query.startsWith('ALTER') ? { reason, message: 'no' } : undefined;

    expect(await ground.action(id).apply(plan, onlyAct(plan), ground.acting)).toMatchObject({ result });
    expect(await ground.action(id).inspect(plan, onlyAct(plan), ground.context)).toMatchObject({
      state: 'pending',
    });
    expect(columns()).toEqual(['id', 'name']);
  });

  it('takes nothing back by itself that was written since', async () => {
    const action = ground.action(id);
    const plan = await planned(ground, id, request(addPhone));
    await action.apply(plan, onlyAct(plan), ground.acting);
    const people = ground.double.tables.get('double-shop', 'app', 'people');
    ground.double.tables.put({ ...people, rows: people.rows.map((row) => row.with(2, '555')) });

    expect(await action.undo(plan, onlyAct(plan), ground.acting)).toMatchObject({
      result: 'refused',
      wouldDiscard: true,
      detail: expect.stringContaining('people.phone holds 2 values'),
    });
    expect(columns()).toContain('phone');
  });

  it('keeps a snapshot of a table before it drops it, as declared', async () => {
    const plan = await planned(ground, id, request(dropOld));
    expect(await ground.action(id).apply(plan, onlyAct(plan), ground.acting)).toMatchObject({
      result: 'done',
    });

    expect(find('old_people')).toBeUndefined();
    expect(find('old_people_reeve_before_0123456789ab_1')).toMatchObject({ kind: 'SNAPSHOT', rows: [[1]] });
  });

  it('counts rows that are deleted beyond what is declared', async () => {
    const lossy = file(
      '0003_lossy',
      '-- reeve: deletes people 1\nDELETE FROM people WHERE id > 0;',
      'UPDATE people SET name = name WHERE id > 0;',
    );
    const plan = await planned(ground, id, request(lossy));

    expect(await ground.action(id).apply(plan, onlyAct(plan), ground.acting)).toMatchObject({
      result: 'done',
      migration: { rowsLost: 1 },
    });
  });

  it('fails the rehearsal of a file whose way back does not restore the schema, and of one that loses rows', async () => {
    const forgetful = file(
      '0004_forgets',
      'ALTER TABLE people ADD COLUMN a STRING',
      'UPDATE people SET name = name WHERE id < 0',
    );
    const plan = await planned(ground, id, request(forgetful));
    const context = { ...ground.context, minimumImprovement: 0.2 };
    expect(await ground.action(id).rehearse(plan, context)).toMatchObject({
      verdict: 'failed',
      text: expect.stringContaining('schema of people is not as before'),
    });

    const losing = file(
      '0005_loses',
      'UPDATE people SET name = "x" WHERE id > 0',
      'UPDATE people SET name = name WHERE id > 0',
    );
    expect(
      await ground.action(id).rehearse(await planned(ground, id, request(losing)), context),
    ).toMatchObject({
      verdict: 'failed',
      text: expect.stringContaining('rows of people are not as before'),
    });
  });

  it('refuses a plan whose tables changed, whose files another run applied, and files of another tool', async () => {
    const action = ground.action(id);
    const plan = await planned(ground, id, request(addPhone));
    const people = ground.double.tables.get('double-shop', 'app', 'people');
    ground.double.tables.put({
      ...people,
      columns: [...people.columns, { name: 'x', type: 'INT64' }],
      rows: [],
    });
    expect(await action.recheck(plan, ground.context)).toMatchObject([{ id: 'tables_unchanged' }]);
    ground.double.tables.put(people);

    const other = { ...plan, runId: 'r-other0000000' };
    await action.apply(other, onlyAct(other), ground.acting);
    expect(await action.recheck(plan, ground.context)).toMatchObject([
      { id: 'history_unchanged' },
      { id: 'tables_unchanged' },
    ]);
    expect(await action.apply(plan, onlyAct(plan), ground.acting)).toMatchObject({ result: 'refused' });

    const foreign = await planned(ground, id, request({ ...dropOld, tool: 'flyway' }, addPhone));
    expect(await action.recheck(foreign, ground.context)).toMatchObject([{ id: 'own_files' }]);
  });

  it('refuses a plan by a dry run of its first statement', async () => {
    await expect(
      planned(
        ground,
        id,
        request(
          file(
            '0009_typo',
            'ALTER TABLE poeple ADD COLUMN a STRING',
            'ALTER TABLE poeple DROP COLUMN IF EXISTS a',
          ),
        ),
      ),
    ).rejects.toThrow('dry_run: 0009_typo, line 1');
  });
});

describe('judging files of migrations', () => {
  it.each([
    ['a way back', 'CREATE TABLE a (x INT64)', '  ', 'undo_exists'],
    ['no SELECT *', 'CREATE VIEW v AS SELECT * FROM a', 'DROP VIEW IF EXISTS v', 'no_select_star'],
    ['no replaced table', 'CREATE OR REPLACE TABLE a (x INT64)', 'DROP TABLE IF EXISTS a', 'replaces_table'],
    ['a declared drop', 'DROP TABLE a', 'CREATE TABLE IF NOT EXISTS a (x INT64)', 'declared'],
    ['a declared delete', 'DELETE FROM a WHERE TRUE', 'INSERT INTO a (x) VALUES (1)', 'declared'],
    ['a declared truncate', 'TRUNCATE TABLE a', 'INSERT INTO a (x) VALUES (1)', 'declared'],
    [
      'a declared drop of a column',
      'ALTER TABLE a DROP COLUMN x',
      'ALTER TABLE a ADD COLUMN x INT64',
      'declared',
    ],
    [
      'declared expiry',
      'ALTER TABLE a SET OPTIONS (partition_expiration_days = 3)',
      'ALTER TABLE a SET OPTIONS (description = "x")',
      'declared',
    ],
    ['no dataset', 'CREATE TABLE sales.a (x INT64)', 'DROP TABLE IF EXISTS sales.a', 'own_dataset'],
    ['nothing opaque', 'EXECUTE IMMEDIATE "DROP TABLE a"', 'SELECT 1', 'known_statement'],
    ['nothing procedural', 'BEGIN DROP TABLE a; END', 'SELECT 1', 'known_statement'],
    ['a way back from half-way', 'CREATE TABLE a (x INT64)', 'DROP TABLE a', 'repeatable_undo'],
    [
      'declarations that are understood',
      '-- reeve: destroys a\nCREATE TABLE a (x INT64)',
      'DROP TABLE IF EXISTS a',
      'known_declaration',
    ],
  ])('asks for %s', (_, up, down, rule) => {
    const refusals = judgeFile(file('0001', up, down));

    expect(refusals.map((refusal) => refusal.id)).toContain(rule);
    expect(refusals[0]?.text).toMatch(/^0001/);
  });

  it('says nothing against what is in order, and takes no declaration out of a text', () => {
    expect(judgeFile(addPhone)).toEqual([]);
    expect(judgeFile(dropOld)).toEqual([]);
    expect(
      judgeFile(
        file(
          '1',
          "INSERT INTO a (x) VALUES ('-- reeve: drops a'); DROP TABLE a",
          'CREATE TABLE IF NOT EXISTS a (x STRING)',
        ),
      ).map((each) => each.id),
    ).toEqual(['declared']);
  });
});
