import type { JsonObject } from '../../../src/core/remediation/json.ts';
import type { Action, ActOutcome, MigrationFigures } from '../../../src/core/remediation/operations.ts';
import type { Act, PlanDraft } from '../../../src/core/remediation/plan.ts';
import type { World } from './remediation-world.ts';

/** Files of migrations on the world's database, and what tests turn about them. */
export interface FakeMigrations {
  readonly files: readonly string[];
  /** Names of those in force, in order. */
  readonly applied: Set<string>;
  /** Every change, in order: `up 1`, `down 1`. */
  readonly changes: string[];
  /** What `find` was given. */
  readonly brought: (JsonObject | undefined)[];
  figures: MigrationFigures | undefined;
  /** What an act comes to, by file; otherwise it succeeds. */
  readonly outcomes: Map<string, ActOutcome['result'] | 'throws after'>;
  /** Files whose rollback would discard what was written since. */
  readonly discarding: Set<string>;
  rehearsal: JsonObject;
}

/** Adds the action `apply_migration` to a world, with a backup it may rest on. */
export async function withMigrations(
  world: World,
  files = ['0001_a', '0002_b', '0003_c'],
): Promise<FakeMigrations> {
  const migrations: FakeMigrations = {
    files,
    applied: new Set(),
    changes: [],
    brought: [],
    figures: { durationMs: 40, lockMs: 5, rowsLost: 0, verified: true },
    outcomes: new Map(),
    discarding: new Set(),
    rehearsal: { rollback: { verified: true, durationMs: 30 } },
  };
  world.actions.push(actionOf(world, migrations));
  world.rehearsal = { ...world.rehearsal, figures: migrations.rehearsal };
  const now = world.clock.now();
  world.backups.found = world.backups.found.map((each) => ({ ...each, takenAt: now, recoverableUntil: now }));
  await world.proofs.saveProof({
    kind: 'drill',
    id: 'drill:before',
    runId: 'r-before',
    target: 'orders',
    engine: 'postgres',
    at: now,
    verdict: 'verified',
    counts: true,
    subjects: [],
    chain: 'nightly',
    backup: 'orders-1.dump',
    takenAt: now,
    recoveryMs: 1,
    lossMs: 1,
    text: '',
    checks: [],
    steps: [],
  });
  return migrations;
}

function actionOf(world: World, migrations: FakeMigrations): Action {
  const { files, applied, changes, outcomes, discarding } = migrations;
  const measured = (): Pick<ActOutcome, 'migration'> =>
    migrations.figures === undefined ? {} : { migration: migrations.figures };
  return {
    id: 'apply_migration',
    pipeline: 'migration',
    summary: 'Applies files.',
    undoKind: 'rebuild',
    changelog: 'schema',
    rehearsal: 'required',
    async find({ request }, { evidence }) {
      migrations.brought.push(request);
      evidence({ kind: 'catalogue', title: 'files beside the history', body: {} });
      return [
        {
          action: 'apply_migration',
          subject: `orders: ${files.at(-1) ?? ''}`,
          title: 'apply files',
          facts: {},
        },
      ];
    },
    plan: async () => draftOf(world, files),
    rehearse: async () => world.rehearsal,
    recheck: async () => [],
    inspect: async (_plan, { id }) => ({
      state: applied.has(id) ? 'done' : 'pending',
      detail: `the history ${applied.has(id) ? 'names' : 'does not name'} ${id}`,
      ...(applied.has(id) ? measured() : {}),
    }),
    async apply(_plan, { id }, { assertHeld }) {
      await assertHeld();
      const next = outcomes.get(id) ?? 'done';
      if (next === 'done' || next === 'throws after') {
        applied.add(id);
        changes.push(`up ${id}`);
      }
      if (next === 'throws after') throw new Error('connection lost');
      return { result: next, detail: `${id}: ${next}`, ...measured() };
    },
    async undo(_plan, { id }, { assertHeld }) {
      await assertHeld();
      if (discarding.has(id))
        return { result: 'refused', detail: '7 rows were written into visits', wouldDiscard: true };
      applied.delete(id);
      changes.push(`down ${id}`);
      return { result: 'done', detail: 'rolled back', ...measured() };
    },
    counters: async () => ({ at: world.clock.now(), epoch: 'e', series: {} }),
  };
}

function draftOf(world: World, files: readonly string[]): PlanDraft {
  const acts = files.map(
    (id): Act => ({
      id,
      summary: `apply ${id}`,
      statement: `ALTER TABLE visits ADD COLUMN c${id} int`,
      undo: [`ALTER TABLE visits DROP COLUMN c${id}`],
      undoKind: 'rebuild',
      locks: 'ACCESS EXCLUSIVE on visits',
    }),
  );
  return {
    target: 'orders',
    engine: 'postgres',
    pipeline: 'migration',
    action: 'apply_migration',
    identity: world.identity,
    subject: `orders: ${files.at(-1) ?? ''}`,
    title: `apply ${files.length} files`,
    acts,
    preconditions: [],
    blastRadius: { objects: ['visits'], bytes: 1_000, locks: [], estimatedMs: 100 },
    cost: 'nothing',
    expectation: { kind: 'in_force', byAtLeast: 0, text: 'the history names them all' },
    exclusive: ['schema:orders'],
    warnings: [],
    facts: {},
  };
}
