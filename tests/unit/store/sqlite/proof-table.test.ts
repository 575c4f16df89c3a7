import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { proofsKeptMs } from '../../../../src/store/proof-json.ts';
import { type OpenDatabase, openDatabase } from '../../../../src/store/sqlite/database.ts';
import { createProofAging, createProofTable } from '../../../../src/store/sqlite/proof-table.ts';
import { drill, migration } from '../../../contract/store-proofs.contract.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { createTempDir, type TempDir } from '../../../support/temp-dir.ts';

const day = 86_400_000;

describe('createProofTable', () => {
  let folder: TempDir;
  let opened: OpenDatabase;

  beforeEach(async () => {
    folder = await createTempDir('proofs');
    opened = openDatabase(folder.path, 0);
  });

  afterEach(async () => {
    opened.close();
    await folder.remove();
  });

  it('rejects on a full disk, keeps what it had, and goes on when there is room', async () => {
    const proofs = createProofTable(opened.database, opened.file);
    await proofs.saveProof(drill());
    opened.database.exec('PRAGMA max_page_count = 1');
    const large = drill({ id: 'large', text: 'x'.repeat(100_000) });

    await expect(proofs.saveProof(large)).rejects.toMatchObject({
      code: 'unusable',
      message: expect.stringContaining('database or disk is full'),
    });

    expect(await proofs.proofs({ kind: 'drill' })).toEqual([drill()]);
    opened.database.exec('PRAGMA max_page_count = 1000000');
    await proofs.saveProof(large);
    expect(await proofs.proofs({ kind: 'drill' })).toHaveLength(2);
  });

  it('says that it is damaged when it holds something else than it wrote', async () => {
    const proofs = createProofTable(opened.database, opened.file);
    await proofs.saveProof(migration());
    opened.database.exec(`UPDATE proof SET body = json_set(body, '$.rowsLost', 'none')`);

    await expect(proofs.proofs({ kind: 'migration' })).rejects.toMatchObject({ code: 'damaged' });
  });

  it('forgets what is older than two years against the latest proof, and never before 400 days', async () => {
    const clock = new FakeClock();
    const proofs = createProofTable(opened.database, opened.file);
    const at = clock.now() - day;
    await proofs.saveProof(drill({ id: 'new', at }));
    await proofs.saveProof(drill({ id: 'kept', at: at - 400 * day }));
    await proofs.saveProof(drill({ id: 'old', at: at - proofsKeptMs }));
    const aging = createProofAging(opened.database, clock);

    expect(aging.step()).toBe(true);
    expect(aging.step()).toBe(false);

    expect((await proofs.proofs({ kind: 'drill' })).map(({ id }) => id)).toEqual(['new', 'kept']);
  });
});
