import { describe, expect, it } from 'vitest';
import type { DrillProof } from '../../../src/core/remediation/proof.ts';
import { backupFault, chainsOf } from '../../../src/remediate/backup-standing.ts';
import { now, standing } from './guard-situation.ts';
import { foundBackup } from './world-backups.ts';

const hour = 3_600_000;
const day = 24 * hour;

const proof: DrillProof = {
  kind: 'drill',
  id: 'drill:r-1:0',
  runId: 'r-1',
  target: 'orders',
  engine: 'postgres',
  at: now - day,
  verdict: 'verified',
  counts: true,
  subjects: ['orders'],
  chain: 'nightly',
  backup: 'orders-1.dump',
  takenAt: now - 2 * day,
  recoveryMs: 1,
  lossMs: 1,
  text: '',
  checks: [],
  steps: [],
};

describe('chainsOf', () => {
  it('takes the newest moment that can be recovered, by the backup itself or its archived log', () => {
    const found = [
      foundBackup({ takenAt: now - 3 * day, recoverableUntil: now - hour }),
      foundBackup({ takenAt: now - 2 * day, recoverableUntil: now - 2 * day }),
    ];

    expect(chainsOf(['nightly'], found, [proof], 'orders')).toStrictEqual([
      { chain: 'nightly', recoverableUntil: now - hour, provenAt: now - day },
    ]);
  });

  it.each([
    { what: 'of another chain', found: { chain: 'weekly' }, proven: { chain: 'weekly' } },
    { what: 'damaged, or of a failed drill', found: { health: 'damaged' }, proven: { counts: false } },
    { what: 'without this database', found: { databases: ['other'] }, proven: { subjects: ['other'] } },
    { what: 'not kept', found: { isRetained: false }, proven: { counts: false } },
  ] as const)('counts nothing that is $what', ({ found, proven }) => {
    const chains = chainsOf(['nightly'], [foundBackup(found)], [{ ...proof, ...proven }], 'orders');

    expect(chains).toStrictEqual([{ chain: 'nightly', recoverableUntil: undefined, provenAt: undefined }]);
  });

  it('counts a backup of the whole server for each database', () => {
    const found = [foundBackup({ databases: undefined })];

    expect(chainsOf(['nightly'], found, [{ ...proof, subjects: [''] }], 'orders')[0]?.provenAt).toBe(
      now - day,
    );
  });
});

describe('backupFault', () => {
  it('has nothing to say of one recent and proven chain, whatever the others are', () => {
    const { chains, ...rest } = standing();
    const stale = { chain: 'old', recoverableUntil: undefined, provenAt: undefined };

    expect(backupFault({ ...rest, chains: [stale, ...chains] }, 'orders', now)).toBeUndefined();
  });

  it.each([
    { what: 'they cannot be read', broken: { unknown: 'permission denied' }, says: 'permission denied' },
    { what: 'none is configured', broken: { chains: [] }, says: 'reeve backup init orders' },
    { what: 'no restore can be tried', broken: { drills: false }, says: 'applies no migration there' },
    {
      what: 'there is none',
      broken: standing({ recoverableUntil: undefined }),
      says: '--chain nightly --take',
    },
    {
      what: 'it is a second too old',
      broken: standing({ recoverableUntil: now - day - 1_000 }),
      says: '1d old',
    },
    {
      what: 'Reeve cannot make one',
      broken: { ...standing({ recoverableUntil: undefined }), takes: false },
      says: 'make one, then reeve drill orders --chain nightly',
    },
    { what: 'it was never restored', broken: standing({ provenAt: undefined }), says: 'ever proven' },
    { what: 'it was restored long ago', broken: standing({ provenAt: now - 32 * day }), says: 'for 32d' },
  ])('says what to run when $what', ({ broken, says }) => {
    expect(backupFault({ ...standing(), ...broken }, 'orders', now)).toContain(says);
  });
});
