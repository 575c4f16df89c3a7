import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openObjectiveRecords } from '../../src/store/sqlite/open-objective-records.ts';
import { openStore } from '../../src/store/sqlite/open-store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { spawnReeve } from '../support/process.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { closed, event, newYear } from './objective-records.ts';
import { expectUnbrokenAudit } from './records-place.ts';
import { approval, evidence, intent, plan } from './remediation-records.ts';

const entry = join(import.meta.dirname, 'store-child.program.ts');
const objectiveEntry = join(import.meta.dirname, 'objective-child.program.ts');
const remediationEntry = join(import.meta.dirname, 'remediation-child.program.ts');
const open = (path: string) => openStore({ path, clock: new FakeClock(), log: createRecordingLog() });

describe('the embedded store and processes', () => {
  it('belongs to one process at a time, and says so', async () => {
    await using directory = await createTempDir('store');
    await using holder = await spawnReeve([directory.path, 'open'], { entry });
    await holder.waitForLine(/^open$/);

    await using second = await spawnReeve([directory.path], { entry });
    const [refusal] = await second.waitForLine(/^refused .*/);

    expect(refusal).toContain('refused locked');
    expect(refusal).toContain(directory.path);
    expect(refusal).toContain(`process ${holder.pid}`);
    await expect(open(directory.path)).rejects.toMatchObject({ code: 'locked' });
    using kept = openObjectiveRecords({
      path: directory.path,
      clock: new FakeClock(),
      log: createRecordingLog(),
    });
    expect(kept?.isInUse).toBe(true);
  });

  it.each([
    ['observed 1', undefined],
    ['halfway 1', undefined],
    ['written 1', 1],
    ['observed 2', 1],
    ['halfway 2', 1],
    ['written 2', 2],
  ])('opens again after a SIGKILL at "%s", with all that was written', async (line, atOnDisk) => {
    await using directory = await createTempDir('store');
    await using child = await spawnReeve([directory.path, line], { entry });
    await child.waitForLine(new RegExp(`^${line}$`));
    child.signal('SIGKILL');
    await child.exit;

    const store = await open(directory.path);
    const [member] = await store.history.indexUsage('postgres:1', 'shop');
    await store.close();

    expect(member?.at).toBe(atOnDisk);
    expect(member?.indexes.size).toBe(atOnDisk === undefined ? undefined : 2_000);
    const scans = [...(member?.indexes.values() ?? [])].map((use) => use.scans);
    if (line === 'halfway 2') expect(new Set(scans)).toEqual(new Set([1, 2]));
    for (const use of member?.indexes.values() ?? []) {
      // An index may be newer on disk than its member, never older: then a watch would look longer than it was.
      expect(use.scans).toBeGreaterThanOrEqual(member?.at ?? 0);
      expect(use.watchedSince).toBe(1);
      expect(use.scansSeen).toBe(use.scans - 1);
    }
  });

  it('has breaches, events and deliveries on disk before a SIGKILL, however soon it comes', async () => {
    await using directory = await createTempDir('store');
    await using child = await spawnReeve([directory.path], { entry: objectiveEntry });
    await child.waitForLine(/^kept$/);
    child.signal('SIGKILL');
    await child.exit;

    const store = await open(directory.path);
    const { objectives } = store;

    expect(objectives.breaches({ open: true }).map(({ fingerprint }) => fingerprint)).toEqual(['open']);
    expect(objectives.breaches({ fingerprint: 'over' })).toEqual([closed({ fingerprint: 'over' })]);
    expect(objectives.events({})).toEqual([event({ kind: 'opened' })]);
    expect(objectives.isNewDelivery('a/1/firing', newYear)).toBe(false);
    await store.close();
  });

  it('has the intent of an act on disk before a SIGKILL, with all that led to it, and frees the dead one’s lease', async () => {
    await using directory = await createTempDir('store');
    await using child = await spawnReeve([directory.path], { entry: remediationEntry });
    await child.waitForLine(/^intended$/);
    child.signal('SIGKILL');
    await child.exit;

    const store = await open(directory.path);
    const { remediation } = store;

    const [act] = await remediation.acts({ unfinished: true });
    expect(act).toMatchObject(intent());
    expect(await remediation.runs({ states: ['approved'] })).toHaveLength(1);
    expect(await remediation.plan(plan().hash)).toEqual(plan());
    expect(await remediation.approval(plan().hash)).toEqual(approval());
    expect(await remediation.evidence(plan().runId)).toEqual([evidence()]);
    await expectUnbrokenAudit(remediation, 2);
    const lease = await remediation.takeLease('target:orders', 'successor', newYear + 1, 60_000);
    expect(lease?.fence).toBe((act?.fence ?? 0) + 1);
    await store.close();
  });
});
