import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { engines as registry } from '../../collectors/index.ts';
import type { Engine } from '../../src/core/engine.ts';
import { objectiveIds } from '../../src/core/objective.ts';
import { measuredBy, measuresOf, proofMetrics } from '../../src/core/proof-metrics.ts';
import type { Proof } from '../../src/core/remediation/proof.ts';
import { ProofLedger } from '../../src/evaluate/proof-ledger.ts';
import { readRepositoryFiles, root } from '../architecture/repository-files.ts';
import { still } from './still-objectives.ts';
import { drill, migration, rollback } from './store-proofs.contract.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 5, 1);

const engines: readonly Engine[] = await Promise.all(
  Object.values(registry).map(async (load) => (await load()).engine),
);

/** Every way in which an objective is measured. The contract suite sees that the numbers of engines move with their servers. */
const paths = engines.flatMap((engine) =>
  measuresOf(engine).map((measure) => ({ engine, measure, metric: measuredBy(engine)[measure.metric] })),
);

const sources = readRepositoryFiles().filter(
  ({ path }) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
);

describe('the twelve objectives', () => {
  it.each(objectiveIds)('%s is measured on an engine, by a metric with a source', (id) => {
    const mine = paths.filter(({ measure }) => measure.objective === id);

    expect(mine.length).toBeGreaterThan(0);
    for (const { metric } of mine) expect(metric?.source).toMatch(/\w/);
  });

  it('are nowhere fed by a number that stands in the source', () => {
    const constant = paths.flatMap(({ engine, measure }) =>
      // `record('key', 1, …)`: a literal, and nothing that was read. An age only takes the subjects from it.
      measure.statistic === 'age'
        ? []
        : sourcesOf(engine).filter((text) =>
            new RegExp(`record\\(\\s*'${measure.metric}',\\s*[\\d.]+\\s*,`).test(text),
          ),
    );

    expect(constant).toEqual([]);
  });

  it('say of every number that stands still in the contract suite in which test it moves', () => {
    const wrong = Object.entries(still).flatMap(([id, keys]) =>
      Object.entries(keys).filter(([key, { test, names = key }]) => {
        const metric = engines.find((engine) => engine.id === id)?.metrics[key];
        if (metric === undefined || !existsSync(join(root, test))) return true;
        const text = readFileSync(join(root, test), 'utf8');
        const short = metric.name.replace(/^reeve_/, '');
        return !text.includes(short) && !text.includes(names);
      }),
    );

    expect(wrong.map(([key]) => key)).toEqual([]);
  });

  it('restore_test_age_seconds follows the drills', () => {
    const { ledger, add } = ledgerOf();
    const before = ledger.restoredAt('orders', 'shop');
    add(drill({ id: '1', at: now - 9 * day, subjects: ['shop'] }));
    const first = ledger.restoredAt('orders', 'shop');
    add(drill({ id: '2', at: now, subjects: ['shop'] }));

    expect([before, first, ledger.restoredAt('orders', 'shop')]).toEqual([undefined, now - 9 * day, now]);
  });

  it('migration_rows_lost and migration_rollback_success_ratio follow the migrations and their rollbacks', () => {
    const { add, values } = ledgerOf();
    const before = values();
    add(migration({ id: 'm1', at: now, rowsLost: 0 }));
    add(rollback({ id: 'b1', at: now }));
    const good = values();
    add(migration({ id: 'm2', at: now, rowsLost: 7 }));
    add(rollback({ id: 'b2', at: now, verified: false }));

    expect(before).toEqual([undefined, undefined]);
    expect(good).toEqual([0, 1]);
    expect(values()).toEqual([7, 0.5]);
  });
});

function ledgerOf() {
  const ledger = new ProofLedger();
  return {
    ledger,
    add: (proof: Proof) => ledger.add(proof),
    values: () =>
      [proofMetrics.migrationRowsLost, proofMetrics.migrationRollbackSuccessRatio].map(
        (metric) =>
          ledger
            .samples('orders', { now, rollbackWindowMs: 90 * day })
            .find((sample) => sample.metric === metric)?.value,
      ),
  };
}

function sourcesOf({ id }: Engine): readonly string[] {
  return sources.filter(({ path }) => path.startsWith(`collectors/${id}/`)).map(({ text }) => text);
}
