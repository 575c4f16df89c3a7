import { describe, expect, it } from 'vitest';
import type { Proof } from '../../../src/core/remediation/proof.ts';
import { ProofLedger } from '../../../src/evaluate/proof-ledger.ts';
import { drill, migration, rollback } from '../../contract/store-proofs.contract.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 5, 1);

function ledgerOf(...proofs: readonly Proof[]): ProofLedger {
  const ledger = new ProofLedger();
  for (const proof of proofs) ledger.add(proof);
  return ledger;
}

/** Values by name and labels. */
function published(ledger: ProofLedger): Readonly<Record<string, number>> {
  const samples = ledger.samples('orders', { now, rollbackWindowMs: 90 * day });
  return Object.fromEntries(
    samples.map(({ metric, labels, value }) => [[metric.name, ...labels].join(' '), value]),
  );
}

describe('ProofLedger', () => {
  describe('drills', () => {
    it('count when they verified a retained backup, for each subject by itself', () => {
      const ledger = ledgerOf(
        drill({ id: '1', at: now - 9 * day, subjects: ['shop', 'blog'] }),
        drill({ id: '2', at: now - 2 * day, subjects: ['shop'] }),
        drill({ id: '3', at: now - day, subjects: ['shop'], counts: false }),
        drill({ id: '4', at: now, subjects: ['shop'], verdict: 'failed' }),
      );

      expect(ledger.restoredAt('orders', 'shop')).toBe(now - 2 * day);
      expect(ledger.restoredAt('orders', 'blog')).toBe(now - 9 * day);
      expect(ledger.restoredAt('orders', 'wiki')).toBeUndefined();
      expect(ledger.restoredAt('other', 'shop')).toBeUndefined();
    });

    it('of a chain that the target has no more prove nothing of those that it has', () => {
      const ledger = ledgerOf(
        drill({ id: '1', at: now - 9 * day, subjects: ['shop'], chain: 'nightly' }),
        drill({ id: '2', at: now - day, subjects: [''], chain: 'former' }),
      );

      expect(ledger.restoredAt('orders', 'shop', new Set(['nightly']))).toBe(now - 9 * day);
      expect(ledger.restoredAt('orders', 'shop', new Set(['new']))).toBeUndefined();
      expect(ledger.restoredAt('orders', 'shop', new Set())).toBeUndefined();
    });

    it('of a whole server prove each of its databases', () => {
      const ledger = ledgerOf(drill({ id: '1', at: now - day, subjects: [''] }));

      expect(ledger.restoredAt('orders', 'shop')).toBe(now - day);
      expect(ledger.restoredAt('orders', '')).toBe(now - day);
    });

    it('publish the latest attempt, and what the latest success measured', () => {
      const failed = { name: 'rows', verdict: 'failed', detail: '' } as const;
      const ledger = ledgerOf(
        drill({ id: '2', at: now, verdict: 'failed', recoveryMs: null, checks: [failed, failed] }),
        drill({ id: '1', at: now - day, recoveryMs: 4_000, lossMs: 60_000 }),
      );

      expect(published(ledger)).toEqual({
        reeve_drill_last_attempt_timestamp_seconds: now / 1_000,
        reeve_drill_checks_failed: 2,
        reeve_drill_last_success_timestamp_seconds: (now - day) / 1_000,
        reeve_drill_recovery_seconds: 4,
        reeve_drill_data_loss_seconds: 60,
      });
    });
  });

  describe('migrations', () => {
    it('publish what they lost until somebody acknowledges it', () => {
      const lossy = migration({ id: '1', at: now, migration: '1.sql', rowsLost: 3, lockMs: 40 });
      const ledger = ledgerOf(lossy);
      const before = published(ledger);
      ledger.add({ ...lossy, acknowledgedBy: 'ana' });

      expect(before).toMatchObject({
        'reeve_migration_rows_lost 1.sql': 3,
        'reeve_migration_duration_seconds 1.sql': 1.2,
        'reeve_migration_lock_seconds 1.sql': 0.04,
      });
      expect(published(ledger)).toMatchObject({ 'reeve_migration_rows_lost 1.sql': 0 });
    });

    it('that nobody could count have no number of rows', () => {
      const names = Object.keys(published(ledgerOf(migration({ rowsLost: null, migration: '1.sql' }))));

      expect(names).toEqual(['reeve_migration_duration_seconds 1.sql']);
    });

    it('of one name keep an open loss in sight when it is applied again', () => {
      const ledger = ledgerOf(
        migration({ id: '1', at: now - day, migration: '1.sql', rowsLost: 3 }),
        migration({ id: '2', at: now, migration: '1.sql', rowsLost: 0 }),
      );

      expect(published(ledger)).toMatchObject({ 'reeve_migration_rows_lost 1.sql': 3 });
      expect(ledger.oldestOpenLossAt()).toBe(now - day);
    });

    it('are published of the twenty latest, and of open losses first', () => {
      const ledger = ledgerOf(
        migration({ id: 'lossy', at: now - 400 * day, migration: 'lossy.sql', rowsLost: 1 }),
        ...Array.from({ length: 300 }, (_, index) =>
          migration({
            id: `${index}`,
            at: now - (300 - index) * day,
            migration: `${index}.sql`,
            rowsLost: 0,
          }),
        ),
      );

      const names = Object.keys(published(ledger)).filter((name) => name.includes('rows_lost'));

      expect(names).toHaveLength(20);
      expect(names).toContain('reeve_migration_rows_lost lossy.sql');
      expect(names).toContain('reeve_migration_rows_lost 299.sql');
    });
  });

  it('counts the rollbacks of its window, and says how many they are', () => {
    const ledger = ledgerOf(
      rollback({ id: 'old', at: now - 90 * day, verified: false }),
      rollback({ id: '1', at: now - 89 * day }),
      rollback({ id: '2', at: now - day, where: 'target', verified: false }),
      rollback({ id: '3', at: now }),
      rollback({ id: '4', at: now }),
    );

    const [sample] = ledger.samples('orders', { now, rollbackWindowMs: 90 * day });

    expect(sample).toMatchObject({ value: 0.75, basis: 4, labels: [] });
    expect(ledgerOf().samples('orders', { now, rollbackWindowMs: day })).toEqual([]);
  });
});
