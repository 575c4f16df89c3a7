import { z } from 'zod';
import type { Proof } from '../core/remediation/proof.ts';
import { checkTimes } from './objective-values.ts';
import { StoreError } from './store-error.ts';

/** How long proofs are kept, against the latest one: over two years of migrations, and of drills more than anybody asks for. */
export const proofsKeptMs = 800 * 86_400_000;

/** The longest proof, as JSON: a drill with a check for each of thousands of tables. */
const longestProofBytes = 1024 * 1024;

const number = z.number().nullable();
const common = { id: z.string(), runId: z.string(), target: z.string(), engine: z.string(), at: z.number() };

const check = z.object({
  name: z.string(),
  verdict: z.enum(['passed', 'failed', 'not_done']),
  detail: z.string(),
});

const step = z.object({
  name: z.string(),
  command: z.string(),
  durationMs: z.number(),
  detail: z.string(),
});

const drill = z.object({
  ...common,
  kind: z.literal('drill'),
  verdict: z.enum(['verified', 'failed']),
  counts: z.boolean(),
  subjects: z.array(z.string()),
  chain: z.string(),
  backup: z.string(),
  takenAt: number,
  recoveryMs: number,
  lossMs: number,
  text: z.string(),
  checks: z.array(check),
  steps: z.array(step),
});

const migration = z.object({
  ...common,
  kind: z.literal('migration'),
  migration: z.string(),
  durationMs: z.number(),
  lockMs: number,
  rowsLost: number,
  acknowledgedBy: z.string().nullable(),
});

const rollback = z.object({
  ...common,
  kind: z.literal('rollback'),
  migration: z.string(),
  where: z.enum(['rehearsal', 'target']),
  verified: z.boolean(),
  durationMs: z.number(),
});

type ProofKind = Proof['kind'];
export type ProofOf<K extends ProofKind> = Extract<Proof, { readonly kind: K }>;

const schemas: { readonly [K in ProofKind]: z.ZodType<ProofOf<K>> } = { drill, migration, rollback };

/**
 * The proof as JSON.
 *
 * @throws {RangeError} when a number in it is not finite, or it is longer than 1 MiB.
 */
export function proofToJson(proof: Proof): string {
  checkTimes(`proof ${proof.id}`, ...numbersOf(proof));
  const json = JSON.stringify(proof);
  const bytes = Buffer.byteLength(json);
  if (bytes <= longestProofBytes) return json;
  throw new RangeError(
    `proof ${proof.id}: ${bytes} bytes are too many to keep, at most ${longestProofBytes}`,
  );
}

/** @throws {StoreError} `damaged` when the text is not what `proofToJson` made of a proof of this kind. */
export function proofFromJson<K extends ProofKind>(kind: K, json: string): ProofOf<K> {
  try {
    return schemas[kind].parse(JSON.parse(json));
  } catch (thrown) {
    throw new StoreError('damaged', `the store holds something else than it wrote of a proof (${kind})`, {
      cause: thrown,
    });
  }
}

function numbersOf(proof: Proof): readonly number[] {
  return [proof.at, ...ownNumbersOf(proof).filter((one) => one !== null)];
}

function ownNumbersOf(proof: Proof): readonly (number | null)[] {
  if (proof.kind === 'rollback') return [proof.durationMs];
  if (proof.kind === 'migration') return [proof.durationMs, proof.lockMs, proof.rowsLost];
  const { takenAt, recoveryMs, lossMs, steps } = proof;
  return [takenAt, recoveryMs, lossMs, ...steps.map(({ durationMs }) => durationMs)];
}
