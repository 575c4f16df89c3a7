import { rmSync } from 'node:fs';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DrillReport, DrillRequest } from '../../../../src/sdk.ts';
import { FakeClock } from '../../../../tests/support/fake-clock.ts';
import { type Deployment, startReplicaSet } from '../../../../tests/support/mongod/deployment.ts';
import { oplogInsert, writeDump } from '../../../../tests/support/mongod/dump.ts';
import { installStandIns, type ToolFaults } from '../../../../tests/support/mongod/tools/stand-ins.ts';
import { createTempDir } from '../../../../tests/support/temp-dir.ts';
import { logins, type Stage, stageOn } from '../testing/stage.ts';
import { scratchProcesses } from './scratch-processes.ts';

/** Real time: the stand-ins are processes. */
class RealClock extends FakeClock {
  override now(): number {
    return Date.now();
  }
  override monotonicMs(): number {
    return performance.now();
  }
  override async sleep(delayMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}

const takenAt = new Date(Date.now() - 3_600_000);
const shop = {
  orders: [1, 2, 3, 4].map((number) => ({ _id: number, customer: `c${number}`, total: number * 10 })),
  customers: [{ _id: 'c1', name: 'Ann' }],
};
const indexes = { 'shop.orders': [{ v: 2, key: { customer: 1 }, name: 'customer_1' }] };
const oplog = [oplogInsert('shop.customers', { _id: 'c2', name: 'Bea' }, takenAt)];
const anything: DrillRequest = { chain: undefined, backup: undefined, until: undefined };

interface Setup {
  readonly faults?: ToolFaults;
  readonly programs?: readonly string[];
  readonly restoreWithin?: number;
  readonly withoutOplog?: boolean;
}

interface Place {
  readonly stage: Stage;
  readonly dump: string;
  readonly folder: string;
  readonly drill: (request?: Partial<DrillRequest>, onStep?: (step: string) => void) => Promise<DrillReport>;
}

let production: Deployment;
beforeAll(async () => {
  production = await startReplicaSet({
    users: logins,
    members: [{}],
    databases: { shop: { orders: { documents: 5 } } },
  });
  return () => production[Symbol.asyncDispose]();
});

async function place(setup: Setup = {}): Promise<Place> {
  const temporary = await createTempDir('mongodb-drill');
  onTestFinished(() => temporary.remove());
  const [binaries, nightly, folder] = ['bin', 'nightly', 'scratch'].map((name) => join(temporary.path, name));
  if (binaries === undefined || nightly === undefined || folder === undefined) throw new Error('no folders');
  for (const each of [binaries, nightly, folder]) await mkdir(each, { mode: 0o700 });
  await installStandIns(binaries, {
    faults: setup.faults ?? {},
    ...(setup.programs === undefined ? {} : { only: setup.programs }),
  });
  const dump = join(nightly, '2026-11-20T02-17-00Z');
  await writeDump(dump, { databases: { shop }, indexes, takenAt, ...(setup.withoutOplog ? {} : { oplog }) });
  const chain = { kind: 'mongodump' as const, path: nightly, restoreWithin: setup.restoreWithin ?? 60_000 };
  const stage = stageOn(production, {
    clock: new RealClock(),
    options: { backups: { nightly: chain }, binaries },
  });
  const { backups } = stage.operations;
  if (backups?.drill === undefined) throw new Error('no drills are offered');
  return {
    stage,
    dump,
    folder,
    drill: async (request = {}, onStep = () => undefined) => {
      const report = await backups.drill?.({ ...anything, ...request }, { ...stage.context, folder, onStep });
      if (report === undefined) throw new Error('no drill');
      // Whatever became of it: nothing runs any more, and production was not touched.
      expect(await scratchProcesses(folder)).toEqual([]);
      expect(production.connectionCount('reeve drill')).toBe(0);
      return report;
    },
  };
}

describe('drill', () => {
  it('restores a dump with its oplog, compares it with the dump, says how long that took and writes down how', async () => {
    const { drill, folder, dump } = await place();
    const steps: string[] = [];

    const report = await drill({}, (step) => steps.push(step));

    expect(report).toMatchObject({ verdict: 'verified', subjects: ['shop'] });
    expect(steps).toEqual(['read', 'restore', 'verify']);
    expect(report.checks.filter(({ verdict }) => verdict !== 'passed')).toEqual([]);
    expect(report.checks.map(({ name, detail }) => `${name}: ${detail}`)).toContain(
      'documents of shop.orders: 4 restored, 4 in the dump',
    );
    expect(report.checks.map(({ detail }) => detail)).toContain(
      '2 restored, 1 in the dump; its oplog changes this collection',
    );
    expect(report.recoveryMs).toBeGreaterThan(0);
    expect(report.lossMs).toBeGreaterThanOrEqual(3_600_000 - 1_000);
    expect(report.place).toContain('127.0.0.1 only');
    const text = report.steps.map(({ command }) => command).join('\n');
    expect(text).toContain('mongod --dbpath <folder>/db --port <port> --bind_ip 127.0.0.1');
    expect(text).toContain('--gzip --oplogReplay --dir=<folder of the backup>');
    const config = await readFile(join(folder, 'mongorestore.yaml'), 'utf8');
    const password = /reeve_drill:([^@]+)@/.exec(config)?.[1] ?? '';
    for (const secret of [folder, dump, password]) expect(JSON.stringify(report.steps)).not.toContain(secret);
  });

  it('takes another port when somebody was faster', async () => {
    const { drill } = await place({ faults: { mongod: 'port-once' } });

    expect(await drill()).toMatchObject({ verdict: 'verified' });
  });

  it('says of a dump without an oplog that it is no point in time', async () => {
    const { drill, stage } = await place({ withoutOplog: true });

    const [found] = (await stage.operations.backups?.list(stage.context)) ?? [];
    expect(found?.detail).toContain('not a point in time: there is no oplog in it');
    const refused = await drill({ until: takenAt.getTime() });
    expect(refused).toMatchObject({ verdict: 'failed' });
    expect(refused.text).toContain('there is no oplog in it');
    expect(await drill()).toMatchObject({ verdict: 'verified' });
  });
});

describe('drill of a backup that is not what it should be', () => {
  it('fails for a dump that is one byte too short, before anything is started', async () => {
    const { drill, dump, folder } = await place();
    const file = join(dump, 'shop', 'orders.bson.gz');
    await truncate(file, (await readFile(file)).length - 1);

    const report = await drill();

    expect(report).toMatchObject({ verdict: 'failed', backup: { health: 'damaged' } });
    expect(report.text).toContain('orders.bson.gz is damaged: unexpected end of file');
    expect(await readdir(folder)).toEqual([]);
  });

  it('fails for a dump whose documents were changed on disk', async () => {
    const { drill, dump } = await place();
    await writeFile(join(dump, 'shop', 'orders.bson.gz'), gzipSync(Buffer.from('not BSON at all')));

    expect((await drill()).text).toContain('no BSON at byte');
  });

  it('fails for a dump that lost the documents of a collection it describes', async () => {
    const { drill, dump } = await place();
    await writeFile(join(dump, 'shop', 'empty.metadata.json'), '{"indexes":[],"type":"collection"}');

    expect((await drill()).text).toContain('shop.empty is described and its documents are missing');
  });

  it('fails when documents are missing after the restore', async () => {
    const { drill } = await place({ faults: { mongorestore: 'lose' } });

    const report = await drill();

    expect(report.verdict).toBe('failed');
    expect(report.checks).toContainEqual({
      name: 'documents of shop.orders',
      verdict: 'failed',
      detail: '3 restored, 4 in the dump',
    });
    expect(report.text).toContain('take another one now');
  });

  it('fails for a time that the oplog does not reach', async () => {
    const { drill } = await place();

    expect((await drill({ until: Date.now() })).text).toContain('its oplog ends at');
  });

  it('says which chains there are when another one is asked for', async () => {
    const { drill } = await place();

    expect((await drill({ chain: 'weekly' })).text).toContain(
      "there is no chain weekly in the target's backups (nightly)",
    );
  });
});

describe('drill with tools that fail', () => {
  it.each([
    ['mongod', ['mongorestore'], 'mongod is not in', 'mongodb-org-server'],
    ['mongorestore', ['mongod'], 'mongorestore is not in', 'mongodb-database-tools'],
  ])('names %s and its package when it is missing', async (_, programs, text, name) => {
    const { drill } = await place({ programs });

    const report = await drill();

    expect(report.verdict).toBe('failed');
    expect(report.text).toContain(text);
    expect(report.text).toContain(name);
  });

  it('fails when mongorestore ends with an error, and repeats it', async () => {
    const { drill } = await place({ faults: { mongorestore: 'exit' } });

    expect((await drill()).text).toContain('mongorestore ended with 1: Failed: error connecting');
  });

  it('stops a mongorestore that does not end', async () => {
    const { drill } = await place({ faults: { mongorestore: 'hang' }, restoreWithin: 300 });

    expect((await drill()).text).toContain('and was stopped (restoreWithin)');
  });

  it('fails when the scratch server does not start, with the end of its log', async () => {
    const { drill } = await place({ faults: { mongod: 'refuse' } });

    expect((await drill()).text).toContain('its log ends: Failed to start: made to fail by the test');
  });

  it('refuses a server whose data are in another folder: it could be production', async () => {
    const { drill } = await place({ faults: { mongod: 'elsewhere' } });

    const report = await drill();

    expect(report).toMatchObject({ verdict: 'failed', checks: [] });
    expect(report.text).toContain('are in /var/lib/mongodb, so this could be production');
  });

  it('fails when the scratch server does not take the password that it was given', async () => {
    const { drill } = await place({ faults: { mongod: 'deny' } });

    expect((await drill()).text).toContain("the scratch mongod refused the drill's login");
  });

  it('fails, and nothing else does, when its folder takes nothing any more', async () => {
    const { drill, folder } = await place();

    // Root writes past every permission: a folder that is gone stands for a disk that is full.
    const report = await drill({}, (step) => {
      if (step === 'restore') rmSync(folder, { recursive: true });
    });

    expect(report).toMatchObject({
      verdict: 'failed',
      text: expect.stringContaining('was not restored: unexpected: ENOENT'),
    });
  });

  it('refuses a folder that holds something', async () => {
    const { drill, folder } = await place();
    await writeFile(join(folder, 'WiredTiger'), '');

    expect((await drill()).text).toContain('is not empty, so it could be somebody');
  });
});

describe('drill that was cut short', () => {
  it('leaves processes that are ended by the folder alone, when nobody remembers them', async () => {
    const { stage, folder } = await place({ faults: { mongorestore: 'hang' } });
    const { backups } = stage.operations;
    const aborted = new AbortController();
    const cut = backups
      ?.drill?.(anything, {
        ...stage.context,
        signal: aborted.signal,
        folder,
        onStep: () => undefined,
      })
      .catch((thrown: unknown) => thrown);
    await expect.poll(() => scratchProcesses(folder), { timeout: 10_000 }).toHaveLength(2);

    await backups?.discard?.(folder);

    expect(await scratchProcesses(folder)).toEqual([]);
    aborted.abort();
    await cut;
  });
});
