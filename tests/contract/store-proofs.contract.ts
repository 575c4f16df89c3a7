import { describe, expect, it } from 'vitest';
import type { DrillProof, MigrationProof, RollbackProof } from '../../src/core/remediation/proof.ts';
import { day, newYear } from './objective-records.ts';
import { RecordsPlace } from './records-place.ts';
import type { StorePlace, StoreTraits } from './store.contract.ts';

/** What the records of proofs keep their word on, whatever they are made of. */
export function describeProofRecords(
  name: string,
  createPlace: () => Promise<StorePlace>,
  traits: StoreTraits,
): void {
  describe(`${name}: proofs`, () => {
    const place = new RecordsPlace(createPlace, traits);

    it('knows none at first', async () => {
      expect(await place.proofs.proofs({ kind: 'drill' })).toEqual([]);
    });

    it('keeps each kind as it was, over a restart', async () => {
      await place.proofs.saveProof(drill());
      await place.proofs.saveProof(migration());
      await place.proofs.saveProof(rollback());
      await place.reopen();

      expect(await place.proofs.proofs({ kind: 'drill' })).toEqual([drill()]);
      expect(await place.proofs.proofs({ kind: 'migration' })).toEqual([migration()]);
      expect(await place.proofs.proofs({ kind: 'rollback' })).toEqual([rollback()]);
    });

    it('keeps one of an id: the last that was saved', async () => {
      await place.proofs.saveProof(migration({ rowsLost: 3 }));
      await place.proofs.saveProof(migration({ rowsLost: 3 }));
      await place.proofs.saveProof(migration({ rowsLost: 3, acknowledgedBy: 'ana' }));
      await place.reopen();

      expect(await place.proofs.proofs({ kind: 'migration' })).toEqual([
        migration({ rowsLost: 3, acknowledgedBy: 'ana' }),
      ]);
    });

    it('finds them by target, run and time, newest first', async () => {
      await place.proofs.saveProof(drill({ id: 'b', at: newYear + day, runId: 'r-000000000002' }));
      await place.proofs.saveProof(drill({ id: 'd', at: newYear + 2 * day }));
      await place.proofs.saveProof(drill({ id: 'c', at: newYear + 2 * day, target: 'blog' }));
      await place.proofs.saveProof(drill({ id: 'a', at: newYear }));
      const found = async (filter: Parameters<typeof place.proofs.proofs>[0]): Promise<string[]> =>
        (await place.proofs.proofs(filter)).map(({ id }) => id);

      expect(await found({ kind: 'drill' })).toEqual(['d', 'c', 'b', 'a']);
      expect(await found({ kind: 'drill', limit: 2 })).toEqual(['d', 'c']);
      expect(await found({ kind: 'drill', target: 'orders' })).toEqual(['d', 'b', 'a']);
      expect(await found({ kind: 'drill', runId: 'r-000000000002' })).toEqual(['b']);
      expect(await found({ kind: 'drill', since: newYear + day })).toEqual(['d', 'c', 'b']);
      expect(await found({ kind: 'migration' })).toEqual([]);
    });

    it('refuses a time that is no number, and keeps what it had', async () => {
      await place.proofs.saveProof(drill());

      await expect(place.proofs.saveProof(drill({ recoveryMs: Number.NaN }))).rejects.toThrow(RangeError);

      expect(await place.proofs.proofs({ kind: 'drill' })).toEqual([drill()]);
    });
  });
}

const common = { runId: 'r-000000000001', target: 'orders', engine: 'postgres', at: newYear } as const;

export function drill(part: Partial<DrillProof> = {}): DrillProof {
  return {
    ...common,
    kind: 'drill',
    id: 'drill:r-000000000001',
    verdict: 'verified',
    counts: true,
    subjects: ['shop', `o'\\\n${'ж'.repeat(31)}"\0`],
    chain: 'nightly',
    backup: 'base-2026-01-01',
    takenAt: newYear - day,
    recoveryMs: 4_200.5,
    lossMs: null,
    text: 'restored and verified',
    checks: [{ name: 'rows of shop.public.visits', verdict: 'passed', detail: '120 and 120' }],
    steps: [{ name: 'restore', command: 'pg_ctl start -D <folder>', durationMs: 1_000, detail: '' }],
    ...part,
  };
}

export function migration(part: Partial<MigrationProof> = {}): MigrationProof {
  return {
    ...common,
    kind: 'migration',
    id: 'migration:r-000000000001',
    migration: '0001_visits.sql',
    durationMs: 1_200,
    lockMs: null,
    rowsLost: null,
    acknowledgedBy: null,
    ...part,
  };
}

export function rollback(part: Partial<RollbackProof> = {}): RollbackProof {
  return {
    ...common,
    kind: 'rollback',
    id: 'rollback:r-000000000001',
    migration: '0001_visits.sql',
    where: 'rehearsal',
    verified: true,
    durationMs: 80,
    ...part,
  };
}
