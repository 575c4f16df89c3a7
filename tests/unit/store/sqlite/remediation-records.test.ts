import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RemediationRecords } from '../../../../src/core/ports/remediation-records.ts';
import { openStore } from '../../../../src/store/sqlite/open-store.ts';
import {
  createRemediationTables,
  releaseDeadLeases,
} from '../../../../src/store/sqlite/remediation-tables.ts';
import { migrate } from '../../../../src/store/sqlite/schema.ts';
import { Transactions } from '../../../../src/store/sqlite/transactions.ts';
import { WriteBehind } from '../../../../src/store/sqlite/write-behind.ts';
import { newYear } from '../../../contract/objective-records.ts';
import { expectUnbrokenAudit } from '../../../contract/records-place.ts';
import { approval, draft, evidence, intent, plan, run } from '../../../contract/remediation-records.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { createRecordingLog } from '../../../support/recording-log.ts';
import { createTempDir, type TempDir } from '../../../support/temp-dir.ts';

const large = { text: 'x'.repeat(60_000) };

describe('remediation records on SQLite', () => {
  let directory: TempDir;
  let file: string;
  let database: DatabaseSync;
  let records: RemediationRecords;

  beforeEach(async () => {
    directory = await createTempDir('store');
    file = join(directory.path, 'reeve.sqlite');
    database = new DatabaseSync(file, { timeout: 0 });
    migrate(database, file, 0);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    records = createRemediationTables(database, file);
  });

  afterEach(async () => {
    database.close();
    await directory.remove();
  });

  const synchronous = (): unknown => database.prepare('PRAGMA synchronous').get()?.['synchronous'];

  /** Every write there is, against a run that is there. */
  const writes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['claim', () => records.claim(run({ id: 'r-new', reason: large.text }))],
    ['change', () => records.change(run().id, 1, { reason: large.text, updatedAt: 1 }, draft())],
    ['savePlan', () => records.savePlan(plan({ hash: 'b'.repeat(64), facts: large }))],
    [
      'decide',
      () =>
        records.decide(
          approval({ comment: large.text }),
          { revision: 1, change: { state: 'approved', updatedAt: 1 } },
          draft(),
        ),
    ],
    ['addEvidence', () => records.addEvidence(evidence({ body: large }))],
    ['intend', () => records.intend(intent({ statement: large.text }), draft())],
    ['conclude', () => records.conclude(1, 'done', 1, large.text, draft())],
    [
      'disableAction',
      () =>
        records.disableAction({ target: 't', action: 'a', runId: 'r', at: 1, reason: large.text }, draft()),
    ],
    ['setPaused', () => records.setPaused({ by: 'ana', at: 1, reason: large.text }, draft())],
    ['appendAudit', () => records.appendAudit(draft({ detail: large }))],
    ['takeLease', () => records.takeLease('target:new', large.text, 1, 1)],
  ];

  /** A run that waits, with an act that is not over. */
  async function begin(): Promise<void> {
    await records.claim(run({ state: 'waiting', planHash: plan().hash }));
    await records.takeLease('target:orders', 'agent-1', newYear, 60_000);
    await records.intend(intent(), draft({ event: 'act_intended' }));
  }

  async function everything(): Promise<unknown> {
    return {
      runs: await records.runs({}),
      acts: await records.acts({}),
      evidence: await records.evidence(run().id),
      approval: await records.approval(plan().hash),
      disabled: await records.disabledActions(),
      paused: await records.paused(),
      audit: await records.audit(1, 100),
      head: await records.auditHead(),
    };
  }

  it('waits for the disk in its own transactions and in no other', () => {
    const transactions = new Transactions(database, file);

    expect(transactions.write(synchronous)).toBe(2);
    expect(synchronous()).toBe(1);
    expect(() =>
      transactions.write(() => {
        throw new Error('in the middle');
      }),
    ).toThrow('in the middle');
    expect(synchronous()).toBe(1);
    expect(database.isTransaction).toBe(false);
  });

  it.each(writes.map(([name]) => name))(
    'refuses %s on a full disk, whole, and goes on when there is room',
    async (name) => {
      await begin();
      const write = writes.find(([one]) => one === name)?.[1];
      const before = await everything();
      database.exec('PRAGMA max_page_count = 1');

      await expect(write?.()).rejects.toMatchObject({
        name: 'StoreError',
        code: 'unusable',
        message: expect.stringMatching(
          /reeve\.sqlite cannot be written: database or disk is full; its disk must have free space/,
        ),
      });

      expect(await everything()).toEqual(before);
      expect(database.isTransaction).toBe(false);
      database.exec('PRAGMA max_page_count = 1000000');
      await write?.();
      await expectUnbrokenAudit(records, (await records.auditHead()).sequence);
    },
  );

  it.each(writes.map(([name]) => name))('refuses %s where nothing may be written', async (name) => {
    await begin();
    const before = await everything();
    database.exec('PRAGMA query_only = 1');

    await expect(writes.find(([one]) => one === name)?.[1]()).rejects.toMatchObject({
      code: 'unusable',
      message: expect.stringContaining('this user must be allowed to write there'),
    });

    expect(await everything()).toEqual(before);
  });

  it('refuses while another program writes to the file, and says so', async () => {
    await begin();
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');

    await expect(records.appendAudit(draft())).rejects.toMatchObject({
      code: 'unusable',
      message: expect.stringContaining('another program has it open and writes to it: end that one'),
    });

    other.close();
    await records.appendAudit(draft());
    await expectUnbrokenAudit(records, 2);
  });

  it('never begins within a transaction of the writes behind, nor they within one of its own', async () => {
    const clock = new FakeClock();
    const errors: unknown[] = [];
    const behind = new WriteBehind({
      database,
      file,
      clock,
      log: createRecordingLog(),
      onError: (error) => errors.push(error),
    });
    database.exec('CREATE TABLE item (key TEXT PRIMARY KEY)');
    const put = database.prepare('INSERT INTO item VALUES (?)');
    const changed = new Set(Array.from({ length: 1_000 }, (_unused, index) => String(index)));
    behind.add({ changed, write: (key) => put.run(key), finish: () => undefined });

    const writing = clock.advance(1_000);
    for (let line = 0; line < 50; line += 1) await records.appendAudit(draft());
    await writing;
    await behind.close();

    expect(errors).toEqual([]);
    expect(database.prepare('SELECT count(*) AS count FROM item').get()).toEqual({ count: 1_000 });
    await expectUnbrokenAudit(records, 50);
  });

  it('says which record is not what was written, and that the store is damaged', async () => {
    await begin();
    await records.savePlan(plan());
    database.exec(`UPDATE remediation_run SET body = '{}'; UPDATE remediation_plan SET body = 'x';
      UPDATE remediation_act SET direction = 'sideways'`);

    await expect(records.run(run().id)).rejects.toThrow(/reeve\.sqlite is damaged .* of a run/);
    await expect(records.change(run().id, 1, { updatedAt: 1 })).rejects.toMatchObject({ code: 'damaged' });
    await expect(records.plan(plan().hash)).rejects.toThrow(/is damaged .* of a plan/);
    await expect(records.acts({})).rejects.toThrow(/is damaged .*unknown word in column direction/);
  });

  it('ends the leases of a process that died, also where the disk refuses it quietly', async () => {
    const lease = await records.takeLease('target:orders', 'dead', newYear, 60_000);
    database.exec('PRAGMA query_only = 1');
    releaseDeadLeases(database, file);
    database.exec('PRAGMA query_only = 0');
    expect(await records.takeLease('target:orders', 'successor', newYear, 60_000)).toBeUndefined();

    releaseDeadLeases(database, file);

    expect((await records.takeLease('target:orders', 'successor', newYear, 60_000))?.fence).toBe(2);
    expect(lease === undefined || (await records.renewLease(lease, newYear, 60_000))).toBe(false);
  });
});

/** Only root may mount, and not in every container. */
function mountSmallDisk(path: string): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('an embedded store on a disk that is full', () => {
  it('goes on collecting, refuses to remediate, and does both again when there is room', async ({ skip }) => {
    await using directory = await createTempDir('store');
    const path = join(directory.path, 'disk');
    skip(!mountSmallDisk(path), 'a small disk cannot be mounted here');
    const clock = new FakeClock();
    const errors: unknown[] = [];
    try {
      const store = await openStore({
        path,
        clock,
        log: createRecordingLog(),
        onError: (error) => errors.push(error),
      });
      const observe = (at: number): Promise<void> =>
        store.history.observeIndexes({
          cluster: 'c',
          member: 'm',
          generation: '1',
          database: 'd',
          at,
          indexes: [],
        });
      await store.remediation.claim(run());
      const filler = join(path, 'filler');
      expect(() => writeFileSync(filler, Buffer.alloc(2_000_000))).toThrow(/ENOSPC/);

      await expect(store.remediation.addEvidence(evidence({ body: large }))).rejects.toMatchObject({
        name: 'StoreError',
        code: 'unusable',
      });
      await expect(store.remediation.appendAudit(draft({ detail: large }))).rejects.toThrow(
        'until then nothing is remediated',
      );
      await observe(1_000);
      await clock.advance(1_000);

      expect((await store.history.indexUsage('c', 'd'))[0]?.at).toBe(1_000);
      expect(await store.remediation.runs({})).toEqual([run()]);
      rmSync(filler);
      await store.remediation.appendAudit(draft());
      await observe(2_000);
      await clock.advance(120_000);
      const disk = new DatabaseSync(join(path, 'reeve.sqlite'), { readOnly: true });
      expect(disk.prepare('SELECT at FROM index_member').get()).toEqual({ at: 2_000 });
      disk.close();
      await expectUnbrokenAudit(store.remediation, 1);
      await store.close();
    } finally {
      execFileSync('umount', ['-l', path]);
    }
  });
});
