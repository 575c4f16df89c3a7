import { z } from 'zod';
import { readMigrationSubject } from '../core/remediation/migration-files.ts';
import type { MigrationFigures } from '../core/remediation/operations.ts';
import type { Act, Plan } from '../core/remediation/plan.ts';
import type { ActRecord, Run } from '../core/remediation/run.ts';
import { keepEvidence } from './evidence.ts';
import type { Parts } from './parts.ts';

type Direction = ActRecord['direction'];

const figures = z.object({
  durationMs: z.number(),
  lockMs: z.number().nullable(),
  rowsLost: z.number().nullable(),
  verified: z.boolean(),
});
const kept = z.object({
  plan: z.string(),
  act: z.string(),
  direction: z.enum(['apply', 'undo']),
  figures,
});
const rehearsed = z.object({ rollback: z.object({ verified: z.boolean(), durationMs: z.number() }) });

/** Keeps what was measured in one act of a migration, where it survives the agent that measured it. */
export async function keepFigures(
  parts: Parts,
  { id, planHash }: Pick<Run, 'id' | 'planHash'>,
  { id: act }: Pick<Act, 'id'>,
  direction: Direction,
  measured: MigrationFigures | undefined,
): Promise<void> {
  if (measured === undefined) return;
  await keepEvidence(parts, id, {
    kind: 'measurement',
    title: `${direction === 'apply' ? 'applied' : 'rolled back'} ${act}`,
    body: { plan: planHash ?? '', act, direction, figures: { ...measured } },
  });
}

/** By act; of one that was tried again, the latest. */
async function figuresOf(
  parts: Parts,
  runId: string,
  plan: Plan,
  direction: Direction,
): Promise<ReadonlyMap<string, MigrationFigures>> {
  const evidence = await parts.records.evidence(runId);
  const found = evidence.flatMap(({ kind, body }) => {
    const read = kept.safeParse(body);
    const isOurs = kind === 'measurement' && read.success;
    if (!isOurs || read.data.plan !== plan.hash || read.data.direction !== direction) return [];
    return [[read.data.act, read.data.figures] as const];
  });
  return new Map(found);
}

/** What is proven once all acts of a migration are in force: the migration itself, and the rollback that its rehearsal tried. */
export async function proveApplied(parts: Parts, run: Run, plan: Plan): Promise<void> {
  if (plan.pipeline !== 'migration') return;
  const { proofs } = parts.input;
  const { lastFile, base, key } = namesOf(parts, run, plan);
  const rollback = rehearsed.safeParse(plan.rehearsal.figures);
  if (rollback.success)
    await proofs.saveProof({
      kind: 'rollback',
      id: `rollback:rehearsal:${key}`,
      ...base,
      migration: lastFile,
      where: 'rehearsal',
      ...rollback.data.rollback,
    });
  const id = `migration:${key}`;
  // Somebody may have acknowledged what it lost meanwhile.
  const before = await proofs.proofs({ kind: 'migration', runId: run.id });
  if (before.some((proof) => proof.id === id)) return;
  const byAct = await figuresOf(parts, run.id, plan, 'apply');
  const all = plan.acts.map((act) => byAct.get(act.id));
  const lost = all.map((each) => each?.rowsLost ?? null);
  const locks = all.map((each) => each?.lockMs ?? null);
  await proofs.saveProof({
    kind: 'migration',
    id,
    ...base,
    migration: lastFile,
    durationMs: all.reduce((sum, each) => sum + (each?.durationMs ?? 0), 0),
    lockMs: allKnown(locks, (known) => Math.max(0, ...known)),
    // What was not counted once is not known in all.
    rowsLost: allKnown(lost, (known) => known.reduce((sum, rows) => sum + rows, 0)),
    acknowledgedBy: null,
  });
}

export interface RolledBack {
  /** Whether the schema is as before; undefined where an agent died before it could say so: that proves nothing either way. */
  readonly verified: boolean | undefined;
}

/** Keeps the proof of a rollback that was done and measured; undefined where nothing was rolled back. */
export async function proveRolledBack(parts: Parts, run: Run, plan: Plan): Promise<RolledBack | undefined> {
  if (plan.pipeline !== 'migration') return undefined;
  const acts = await parts.records.acts({ runId: run.id, since: plan.createdAt });
  const undone = new Set(acts.filter(({ direction }) => direction === 'undo').map(({ act }) => act));
  if (undone.size === 0) return undefined;
  const byAct = await figuresOf(parts, run.id, plan, 'undo');
  const measured = [...byAct.values()];
  if (measured.length < undone.size && measured.every((each) => each.verified))
    return { verified: undefined };
  const verified = measured.every((each) => each.verified);
  const { lastFile, base, key } = namesOf(parts, run, plan);
  await parts.input.proofs.saveProof({
    kind: 'rollback',
    id: `rollback:target:${key}`,
    ...base,
    migration: lastFile,
    where: 'target',
    verified,
    durationMs: measured.reduce((sum, { durationMs }) => sum + durationMs, 0),
  });
  return { verified };
}

/** What a migration lost and nobody took note of yet, for the reason of its run; empty when nothing is. */
export async function lossText({ input }: Parts, runId: string): Promise<string> {
  const proofs = await input.proofs.proofs({ kind: 'migration', runId });
  const open = proofs.filter(({ acknowledgedBy }) => acknowledgedBy === null);
  const rows = open.reduce((sum, { rowsLost }) => sum + (rowsLost ?? 0), 0);
  return rows === 0
    ? ''
    : `; it deleted ${rows} rows beyond what it declares: look at them, then reeve migrate acknowledge ${runId}`;
}

function namesOf({ input }: Parts, run: Run, plan: Plan) {
  const { lastFile } = readMigrationSubject(plan.subject);
  const base = { runId: run.id, target: run.target, engine: run.engine, at: input.clock.now() } as const;
  return { lastFile, base, key: `${run.id}:${plan.hash.slice(0, 12)}` };
}

function allKnown(
  values: readonly (number | null)[],
  together: (known: readonly number[]) => number,
): number | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length ? null : together(known);
}
