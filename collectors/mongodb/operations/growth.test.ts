import { describe, expect, it } from 'vitest';
import { startReplicaSet } from '../../../tests/support/mongod/deployment.ts';
import { LeapingClock, logins, stageOn, unusedRow } from './testing/stage.ts';

const GiB = 1_024 ** 3;

describe('advice on storage growth', () => {
  it('says what grows, how fast, when the disk is full, and what gives space back', async () => {
    await using deployment = await startReplicaSet({
      users: logins,
      members: [{}],
      databases: { shop: { orders: { documents: 1_000, storageBytes: 2 * GiB } } },
    });
    // Of 100 GiB of disk the double says that 40 are used, and of storage that a tenth is free.
    deployment
      .node(0)
      .faults.answer('dbStats', (answer) =>
        answer['db'] === 'shop' ? { ...answer, totalFreeStorageSize: GiB } : answer,
      );
    const stage = stageOn(deployment, {
      clock: new LeapingClock(),
      indexes: [unusedRow('orders', 'status_1')],
      details: {
        collections: [
          { database: 'shop', collection: 'orders', bytes: 2 * GiB, growthBytesPerDay: GiB },
          { database: 'shop', collection: 'carts', bytes: GiB, growthBytesPerDay: null },
        ],
      },
    });

    const advice = (await stage.operations.advise?.('storage_growth', stage.context)) ?? [];

    expect(advice.map(({ kind }) => kind)).toEqual(advice.map(() => 'advice'));
    expect(advice.map(({ title }) => title)).toEqual([
      'documents and indexes grow by 1 GiB a day; 60 GiB of the disk are free: full in about 60 days at this pace',
      'the fastest growing is shop.orders, by 1 GiB a day: let documents expire, archive them, or leave them out',
      '1 GiB inside the files are free and taken again by what is written next; only compact gives them back to the disk',
      '1 indexes that nobody uses take 15.6 KiB: the pipeline index_management hides and then drops them',
      expect.stringContaining('the oplog takes'),
    ]);
  });

  it('invents no end while no growth was watched', async () => {
    await using deployment = await startReplicaSet({
      users: logins,
      members: [{}],
      databases: { shop: { orders: {} } },
    });
    const stage = stageOn(deployment, { clock: new LeapingClock() });

    const [first] = (await stage.operations.advise?.('storage_growth', stage.context)) ?? [];

    expect(first?.title).toContain('no growth was watched yet');
    expect(first?.body['fullAt']).toBeNull();
    expect(await stage.operations.advise?.('cache', stage.context)).toEqual([]);
  });
});
