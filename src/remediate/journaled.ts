/** What passes from one durable step to the next, as text: the journal keeps it, and gives it back after a crash. */

import { z } from 'zod';
import type { Json } from '../core/remediation/json.ts';
import type { Candidate } from '../core/remediation/operations.ts';
import type { PlanDraft, Rehearsal } from '../core/remediation/plan.ts';
import { pipelineIds } from '../core/remediation/settings.ts';

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);
const jsonObject = z.record(z.string(), json);

const candidate = z.object({
  action: z.string(),
  subject: z.string(),
  title: z.string(),
  facts: jsonObject,
});

const undoKind = z.enum(['immediate', 'rebuild']);

const draft = z.object({
  target: z.string(),
  engine: z.string(),
  pipeline: z.enum(pipelineIds),
  action: z.string(),
  identity: z.record(z.string(), z.string()),
  subject: z.string(),
  title: z.string(),
  acts: z.array(
    z.object({
      id: z.string(),
      summary: z.string(),
      statement: z.string(),
      undo: z.array(z.string()),
      undoKind,
      locks: z.string(),
    }),
  ),
  preconditions: z.array(z.object({ id: z.string(), text: z.string() })),
  blastRadius: z.object({
    objects: z.array(z.string()),
    bytes: z.number().nullable(),
    locks: z.array(z.string()),
    estimatedMs: z.number().nullable(),
  }),
  cost: z.string(),
  expectation: z.object({
    kind: z.enum(['gone', 'faster', 'in_force', 'not_slower']),
    byAtLeast: z.number(),
    text: z.string(),
  }),
  exclusive: z.array(z.string()),
  warnings: z.array(z.string()),
  facts: jsonObject,
});

const rehearsal = z.object({
  on: z.string(),
  verdict: z.enum(['passed', 'failed', 'simulated', 'not_possible']),
  text: z.string(),
  rows: z.record(z.string(), z.object({ target: z.number(), rehearsal: z.number() })),
  figures: jsonObject,
});

const prepared = z.object({
  candidate: candidate.optional(),
  draft: draft.optional(),
  rehearsal: rehearsal.optional(),
});

/** What `prepare` has so far. */
export interface Prepared {
  readonly candidate?: Candidate | undefined;
  readonly draft?: PlanDraft | undefined;
  readonly rehearsal?: Rehearsal | undefined;
}

/** @throws {z.ZodError} when it is not what an earlier step wrote. */
export function readPrepared(text: string): Prepared {
  return prepared.parse(JSON.parse(text));
}

const guardReading = z.object({ at: z.number(), values: z.record(z.string(), z.number()) });
const counterReading = z.object({
  at: z.number(),
  epoch: z.string(),
  series: z.record(
    z.string(),
    z.object({ sum: z.number(), count: z.number(), unit: z.literal('share').optional() }),
  ),
});

/** One look at a target before or after a change. Either part is absent when it could not be read. */
const look = z.object({ guards: guardReading.optional(), counters: counterReading.optional() });
export type Look = z.infer<typeof look>;

/** @throws {z.ZodError} when it is not what an earlier step wrote. */
export function readLook(text: string): Look {
  return look.parse(JSON.parse(text));
}

const started = z.object({ run: z.string() });

/** Id of the run that a process is for. */
export function readStarted(input: Json): string {
  return started.parse(input).run;
}
