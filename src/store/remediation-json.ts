import { z } from 'zod';
import { type AuditDraft, auditEvents } from '../core/remediation/audit.ts';
import { type Evidence, evidenceKinds } from '../core/remediation/evidence.ts';
import type { JsonObject } from '../core/remediation/json.ts';
import type { Plan } from '../core/remediation/plan.ts';
import { type Approval, type Run, runStates } from '../core/remediation/run.ts';
import { pipelineIds } from '../core/remediation/settings.ts';
import { StoreError } from './store-error.ts';

/** JSON has no `undefined`; a field that has no value is written as null. */
const text = z
  .string()
  .nullable()
  .transform((value) => value ?? undefined);

/** Handed on as it was read: what zod copies loses a key like `__proto__`, and then the hash no longer fits. */
const jsonObject = z.custom<JsonObject>(isObject);

function recordOf<T>(schema: z.ZodType<T>) {
  return z.custom<Readonly<Record<string, T>>>(
    (value) => isObject(value) && Object.values(value).every((one) => schema.safeParse(one).success),
  );
}

const runSchema = z.object({
  id: z.string(),
  pipeline: z.enum(pipelineIds),
  target: z.string(),
  engine: z.string(),
  trigger: z.object({
    kind: z.enum(['breach', 'schedule', 'person', 'follow_up', 'custodian']),
    key: z.string(),
    text: z.string(),
    breach: z.string().exactOptional(),
    only: z.object({ action: z.string(), subject: z.string() }).exactOptional(),
    request: jsonObject.exactOptional(),
  }),
  requestedBy: z.string(),
  state: z.enum(runStates),
  reason: z.string(),
  step: z.string(),
  action: text,
  subject: text,
  planHash: text,
  createdAt: z.number(),
  updatedAt: z.number(),
  since: z.number(),
  revision: z.number(),
  retries: z.number(),
});

const texts = z.array(z.string());

const actSchema = z.object({
  id: z.string(),
  summary: z.string(),
  statement: z.string(),
  undo: texts,
  undoKind: z.enum(['immediate', 'rebuild']),
  locks: z.string(),
});

const rehearsalSchema = z.object({
  on: z.string(),
  verdict: z.enum(['passed', 'failed', 'simulated', 'not_possible']),
  text: z.string(),
  rows: recordOf(z.object({ target: z.number(), rehearsal: z.number() })),
  figures: jsonObject,
});

const planSchema = z.object({
  target: z.string(),
  engine: z.string(),
  pipeline: z.enum(pipelineIds),
  action: z.string(),
  identity: recordOf(z.string()),
  subject: z.string(),
  title: z.string(),
  acts: z.array(actSchema),
  preconditions: z.array(z.object({ id: z.string(), text: z.string() })),
  blastRadius: z.object({
    objects: texts,
    bytes: z.number().nullable(),
    locks: texts,
    estimatedMs: z.number().nullable(),
  }),
  cost: z.string(),
  expectation: z.object({
    kind: z.enum(['gone', 'faster', 'in_force', 'not_slower']),
    byAtLeast: z.number(),
    text: z.string(),
  }),
  exclusive: texts,
  warnings: texts,
  facts: jsonObject,
  runId: z.string(),
  caps: z.object({
    largestObjectBytes: z.number().nullable(),
    lockTimeoutMs: z.number(),
    soakMs: z.number(),
    changesPerDay: z.number(),
  }),
  rehearsal: rehearsalSchema,
  evidence: texts,
  createdAt: z.number(),
  expiresAt: z.number(),
  hash: z.string(),
});

const approvalSchema = z.object({
  runId: z.string(),
  planHash: z.string(),
  decision: z.enum(['approved', 'rejected']),
  by: z.string(),
  at: z.number(),
  comment: z.string(),
});

const evidenceSchema = z.object({
  id: z.string(),
  runId: z.string(),
  at: z.number(),
  kind: z.enum(evidenceKinds),
  title: z.string(),
  body: jsonObject,
});

const draftSchema = z.object({
  at: z.number(),
  actor: z.string(),
  event: z.enum(auditEvents),
  runId: z.string().nullable(),
  target: z.string().nullable(),
  planHash: z.string().nullable(),
  statements: texts,
  outcome: z.string(),
  detail: jsonObject,
});

/** Only what is read again. */
export function toJson(body: Run | Plan | Approval | Evidence | AuditDraft): string {
  return JSON.stringify(body, (_key, value: unknown) => value ?? null);
}

/** @throws {StoreError} `damaged`, as all of these, when the text is not what `toJson` made of a run. */
export function runFromJson(json: string): Run {
  return parse(runSchema, 'a run', json);
}

export function planFromJson(json: string): Plan {
  return parse(planSchema, 'a plan', json);
}

export function approvalFromJson(json: string): Approval {
  return parse(approvalSchema, 'a decision', json);
}

export function evidenceFromJson(json: string): Evidence {
  return parse(evidenceSchema, 'evidence', json);
}

export function draftFromJson(json: string, sequence: number): AuditDraft {
  return parse(draftSchema, `line ${sequence} of the audit`, json);
}

function parse<T>(schema: z.ZodType<T>, what: string, json: string): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch (thrown) {
    throw new StoreError('damaged', `the store holds something else than it wrote of ${what}`, {
      cause: thrown,
    });
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
