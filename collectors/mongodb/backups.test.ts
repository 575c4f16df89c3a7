import { mkdir, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import { startStandalone } from '../../tests/support/mongod/deployment.ts';
import { archiveBytes, oplogInsert, writeDump } from '../../tests/support/mongod/dump.ts';
import { createTempDir } from '../../tests/support/temp-dir.ts';
import { BackupLister } from './backups/list-backups.ts';
import { parsePbmList } from './backups/pbm.ts';
import { watchGroup } from './testing/watch-data.ts';

const at = new Date('2026-11-20T02:17:30Z');
const contents = { databases: { shop: { orders: [{ _id: 1 }, { _id: 2 }], carts: [] } } };
const oplog = [oplogInsert('shop.orders', { _id: 3 }, at)];
const signal = new AbortController().signal;

async function folder(): Promise<string> {
  const temporary = await createTempDir('mongodb-backups');
  onTestFinished(() => temporary.remove());
  return temporary.path;
}

function listerOf(path: string): BackupLister {
  const chain = { kind: 'mongodump' as const, path, restoreWithin: 1_000 };
  return new BackupLister({
    chains: { nightly: chain },
    binaries: undefined,
    clock: new FakeClock(),
  });
}

async function list(path: string) {
  const [listing] = await listerOf(path).list(signal);
  if (listing === undefined || 'problem' in listing) throw new Error(listing?.problem ?? 'no chain');
  return listing.backups;
}

describe('list of dumps', () => {
  it('dates a folder by the last entry of its oplog and says what is in it, newest first', async () => {
    const path = await folder();
    await writeDump(join(path, 'second'), { ...contents, oplog, takenAt: new Date() });
    await writeDump(join(path, 'first'), {
      ...contents,
      oplog: [],
      takenAt: new Date('2026-11-19T02:17:30Z'),
    });

    const backups = await list(path);

    expect(backups.map(({ name }) => name)).toEqual(['second', 'first']);
    expect(backups[0]).toMatchObject({
      takenAt: at.getTime(),
      health: 'ok',
      databases: ['shop'],
      isRetained: true,
    });
    expect(backups[0]?.detail).toContain('a point in time, by 1 entries of the oplog');
  });

  it('leaves out what is still being written, and what is no dump', async () => {
    const path = await folder();
    await writeDump(join(path, 'done.partial'), { ...contents, oplog });
    await mkdir(join(path, 'lost+found'));
    await writeFile(join(path, 'notes.txt'), 'x');

    expect(await list(path)).toEqual([]);

    await rename(join(path, 'done.partial'), join(path, 'done'));
    expect(await list(path)).toHaveLength(1);
  });

  it.each([
    ['shop/orders.bson.gz', 'unexpected end of file'],
    ['oplog.bson.gz', 'unexpected end of file'],
    ['shop/carts.metadata.json.gz', 'unexpected end of file'],
  ])('calls a dump damaged when %s is one byte too short', async (file, text) => {
    const path = await folder();
    await writeDump(join(path, 'dump'), { ...contents, oplog });
    const damaged = join(path, 'dump', file);
    await truncate(damaged, (await readFile(damaged)).length - 1);

    const [backup] = await list(path);

    expect(backup?.health).toBe('damaged');
    expect(backup?.detail).toContain(text);
  });

  it('looks again at a dump that was read before only when its files changed', async () => {
    const path = await folder();
    await writeDump(join(path, 'dump'), { ...contents, oplog });
    const lister = listerOf(path);
    await lister.list(signal);
    const file = join(path, 'dump', 'shop', 'orders.bson.gz');
    await writeFile(file, gzipSync(Buffer.from('damaged')));

    const [listing] = await lister.list(signal);

    expect(listing).toMatchObject({ backups: [{ health: 'damaged' }] });
  });

  it('says why a place cannot be read', async () => {
    const [listing] = await listerOf(join(await folder(), 'nowhere')).list(signal);

    expect(listing).toMatchObject({
      problem: expect.stringContaining('the backups of chain nightly cannot be read'),
    });
  });
});

describe('list of archives', () => {
  it.each([
    ['zipped', gzipSync],
    ['plain', (bytes: Buffer) => bytes],
  ])('reads a %s archive to its end', async (_, pack) => {
    const path = await folder();
    await writeFile(join(path, 'shop.archive'), pack(archiveBytes({ ...contents, oplog })));

    const [backup] = await list(path);

    expect(backup).toMatchObject({ takenAt: at.getTime(), health: 'ok', databases: ['shop'] });
  });

  it.each([
    ['zipped', gzipSync, 'unexpected end of file'],
    ['plain', (bytes: Buffer) => bytes, 'is cut short'],
  ])('calls a %s archive damaged that is one byte too short', async (_, pack, text) => {
    const path = await folder();
    await writeFile(join(path, 'shop.archive'), pack(archiveBytes({ ...contents, oplog })).subarray(0, -1));

    const [backup] = await list(path);

    expect(backup?.health).toBe('damaged');
    expect(backup?.detail).toContain(text);
  });

  it('calls a file damaged that is no archive', async () => {
    const path = await folder();
    await writeFile(join(path, 'shop.archive'), 'something else');

    expect((await list(path))[0]?.detail).toContain('does not begin as an archive of mongodump does');
  });
});

describe('list of pbm', () => {
  const seconds = at.getTime() / 1_000;
  const snapshot = { name: '2026-11-20T02:10:00Z', size: 4_096, type: 'logical', restoreTo: seconds };

  it('takes the end of the archived oplog as what can be recovered', () => {
    const text = JSON.stringify({
      snapshots: [{ ...snapshot, status: 'done' }],
      pitr: { on: true, ranges: [{ range: { start: seconds, end: seconds + 600 } }] },
    });

    const [backup] = parsePbmList('cluster', text);

    expect(backup).toMatchObject({
      takenAt: at.getTime(),
      recoverableUntil: at.getTime() + 600_000,
      health: 'unknown',
    });
    expect(backup?.detail).toContain("only pbm's own agents can restore it");
  });

  it('calls one damaged that pbm calls failed, leaves out one that runs, and refuses something else', () => {
    const text = JSON.stringify({
      snapshots: [
        { ...snapshot, status: 'error', error: 'lost agent' },
        { ...snapshot, status: 'running' },
      ],
    });

    expect(parsePbmList('cluster', text)).toMatchObject([
      { health: 'damaged', detail: 'pbm says error: lost agent' },
    ]);
    expect(() => parsePbmList('cluster', 'Error: connect')).toThrow('something else than a list');
  });
});

describe('the group backups', () => {
  it('tells age, size and damage of a chain, and finds what an operator has to mend', async () => {
    const path = await folder();
    await using deployment = await startStandalone();
    const old = new Date(Date.now() - 30 * 3_600_000);
    await writeDump(join(path, 'old'), {
      ...contents,
      oplog: [oplogInsert('shop.orders', { _id: 3 }, old)],
      takenAt: old,
    });
    await writeDump(join(path, 'cut'), { ...contents, oplog: [] });
    await truncate(join(path, 'cut', 'oplog.bson.gz'), 10);
    const watching = watchGroup(deployment, {
      group: 'backups',
      target: { backups: { nightly: { kind: 'mongodump', path } } },
    });

    const { samples, findings, details } = await watching.read();

    const values = Object.fromEntries(samples.map(({ metric, value }) => [metric.name, value]));
    expect(values['reeve_backup_age_seconds']).toBeCloseTo(30 * 3_600, -1);
    expect(values['reeve_backups_damaged']).toBe(1);
    expect(values['reeve_backup_bytes']).toBeGreaterThan(100);
    expect(findings.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
      'backup_damaged critical',
      'backup_old warning',
    ]);
    expect(details['backups']).toHaveLength(2);
  });

  it('says once that nobody named a backup, and leaves a place that cannot be read unknown', async () => {
    await using deployment = await startStandalone();
    const none = watchGroup(deployment, { group: 'backups' });
    const backups = { nightly: { kind: 'mongodump', path: join(await folder(), 'nowhere') } };
    const broken = watchGroup(deployment, { group: 'backups', target: { backups } });

    expect((await none.read()).findings).toMatchObject([{ code: 'no_backups_configured', severity: 'info' }]);
    const reading = await broken.read();
    expect(reading.samples).toEqual([]);
    expect(reading.errors).toMatchObject([{ subject: 'nightly', code: 'unreachable' }]);
  });
});
