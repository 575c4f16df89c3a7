import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditHead } from '../../../src/core/remediation/audit.ts';
import { emptyAudit } from '../../../src/core/remediation/audit-chain.ts';
import type { AuditReport } from '../../../src/core/remediation/control.ts';
import { verifyAudit } from '../../../src/remediate/audit-report.ts';
import { createMemoryRemediationRecords } from '../../../src/store/memory-remediation-records.ts';
import { sha256 } from '../../../src/store/remediation-values.ts';
import { openRemediationRecords } from '../../../src/store/sqlite/open-remediation-records.ts';
import { openStore } from '../../../src/store/sqlite/open-store.ts';
import { draft } from '../../contract/remediation-records.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

const lines = 7;

describe('verifyAudit', () => {
  let directory: TempDir;
  let head: AuditHead;

  beforeEach(async () => {
    directory = await createTempDir('audit');
    head = await write();
  });

  afterEach(() => directory.remove());

  async function write(first = 'one'): Promise<AuditHead> {
    const store = await openStore({
      path: directory.path,
      clock: new FakeClock(),
      log: createRecordingLog(),
    });
    await store.remediation.appendAudit(draft({ outcome: first }));
    for (let line = 2; line <= lines; line += 1)
      await store.remediation.appendAudit(
        draft({ outcome: `outcome ${line}`, statements: ['DROP INDEX i'] }),
      );
    const published = await store.remediation.auditHead();
    await store.close();
    return published;
  }

  /** As somebody would who has the file: the triggers are no obstacle to them. */
  function tamper(sql: string): void {
    const database = new DatabaseSync(join(directory.path, 'reeve.sqlite'));
    database.exec('DROP TRIGGER remediation_audit_unchanged; DROP TRIGGER remediation_audit_whole');
    database.exec(sql);
    database.close();
  }

  async function verify(expected?: AuditHead, pageLines = 3): Promise<AuditReport> {
    using kept = openRemediationRecords({ path: directory.path });
    if (kept === undefined) throw new Error('nothing was kept');
    return await verifyAudit(kept.records, sha256, {
      pageLines,
      ...(expected === undefined ? {} : { expected }),
    });
  }

  it('finds nothing wrong with what was written, however it is read', async () => {
    for (const pageLines of [1, 3, lines, lines + 1])
      expect(await verify(head, pageLines)).toEqual({ lines, head, fault: undefined });
    expect(await verify({ sequence: 0, hash: emptyAudit.hash })).toMatchObject({ fault: undefined });
  });

  it('finds nothing wrong with an empty audit', async () => {
    const report = await verifyAudit(createMemoryRemediationRecords(), sha256);

    expect(report).toEqual({ lines: 0, head: emptyAudit, fault: undefined });
  });

  it('takes no change and no deletion through the store’s own file without removing what guards it', () => {
    const database = new DatabaseSync(join(directory.path, 'reeve.sqlite'));

    for (const sql of ['UPDATE remediation_audit SET hash = hash', 'DELETE FROM remediation_audit'])
      expect(() => database.exec(sql)).toThrow('the audit takes new lines only');
    database.close();
  });

  it.each([1, 4, lines])('names line %i when it was edited', async (sequence) => {
    tamper(
      `UPDATE remediation_audit SET body = json_set(body, '$.outcome', 'nothing') WHERE sequence = ${sequence}`,
    );

    expect((await verify()).fault).toEqual({
      sequence,
      text: `line ${sequence} was changed after it was written`,
    });
  });

  it('names a line whose hash was made to fit, by the line after it', async () => {
    tamper(`UPDATE remediation_audit SET hash = '${'0'.repeat(64)}' WHERE sequence = 3`);

    expect((await verify()).fault?.sequence).toBe(3);
  });

  it.each([1, 4])('names line %i when it was deleted', async (sequence) => {
    tamper(`DELETE FROM remediation_audit WHERE sequence = ${sequence}`);

    expect((await verify()).fault).toEqual({
      sequence,
      text: `line ${sequence} is missing: line ${sequence + 1} follows line ${sequence - 1}`,
    });
  });

  it('names lines that were numbered anew after one was deleted', async () => {
    tamper(
      `DELETE FROM remediation_audit WHERE sequence = 4;
       UPDATE remediation_audit SET sequence = sequence - 1 WHERE sequence > 4`,
    );

    expect((await verify()).fault).toMatchObject({
      sequence: 4,
      text: expect.stringContaining('one of them was replaced'),
    });
  });

  it('names the first of two lines that changed places', async () => {
    tamper(
      `UPDATE remediation_audit SET sequence = -3 WHERE sequence = 3;
       UPDATE remediation_audit SET sequence = 3 WHERE sequence = 4;
       UPDATE remediation_audit SET sequence = 4 WHERE sequence = -3`,
    );

    expect((await verify()).fault).toMatchObject({ sequence: 3 });
  });

  it('misses lines that were cut off the end', async () => {
    tamper(`DELETE FROM remediation_audit WHERE sequence >= ${lines}`);

    expect((await verify()).fault).toEqual({
      sequence: lines,
      text: `the audit ends with line ${lines - 1}, and line ${lines} was published: the lines after ${lines - 1} were cut off`,
    });
  });

  it('misses them by the published head when the store’s own head was set back as well', async () => {
    tamper(
      `DELETE FROM remediation_audit WHERE sequence = ${lines};
       UPDATE remediation_audit_head SET (sequence, hash) =
         (SELECT sequence, hash FROM remediation_audit WHERE sequence = ${lines - 1})`,
    );

    expect((await verify()).fault).toBeUndefined();
    expect((await verify(head)).fault).toMatchObject({ sequence: lines });
  });

  it('knows a chain that was written anew by the published head', async () => {
    await directory.remove();
    directory = await createTempDir('audit');
    await write('another');

    expect((await verify()).fault).toBeUndefined();
    expect((await verify(head)).fault).toMatchObject({
      sequence: lines,
      text: expect.stringContaining('written anew'),
    });
  });

  it('misses an audit that was emptied, and a head that was removed', async () => {
    tamper('DELETE FROM remediation_audit');
    expect((await verify()).fault).toMatchObject({ sequence: 1 });

    await directory.remove();
    directory = await createTempDir('audit');
    await write();
    tamper('DELETE FROM remediation_audit_head');
    expect((await verify()).fault).toMatchObject({ sequence: 1 });
  });

  it('names a line that cannot even be read', async () => {
    tamper(`UPDATE remediation_audit SET body = '{' WHERE sequence = 5`);

    await expect(verify()).rejects.toThrow(/damaged .*line 5 of the audit/);
  });
});
