import { z } from 'zod';
import { type AuditEntry, auditEvents } from '../core/remediation/audit.ts';
import type {
  AuditReport,
  ControlAnswer,
  RemediationStatus,
  RunReport,
} from '../core/remediation/control.ts';
import { evidenceKinds } from '../core/remediation/evidence.ts';
import type { Plan } from '../core/remediation/plan.ts';
import type { DrillProof } from '../core/remediation/proof.ts';
import { actResults, type Run, runStates } from '../core/remediation/run.ts';
import { pipelineIds } from '../core/remediation/settings.ts';

/** What a daemon answers about remediation; keys that this version does not know are ignored. */

const text = z.string();
const number = z.number();
const texts = z.array(text);
const pairs = z.record(text, text);
const facts = z.record(text, z.json());

/** Left out where it is not known. */
function maybe<T>(schema: z.ZodType<T>) {
  return schema.optional().transform((value) => value);
}

function run(): z.ZodType<Run> {
  return z.object({
    id: text,
    pipeline: z.enum(pipelineIds),
    target: text,
    engine: text,
    trigger: z.object({
      kind: z.enum(['breach', 'schedule', 'person', 'follow_up', 'custodian']),
      key: text,
      text,
      breach: text.exactOptional(),
      only: z.object({ action: text, subject: text }).exactOptional(),
      request: facts.exactOptional(),
    }),
    requestedBy: text,
    state: z.enum(runStates),
    reason: text,
    step: text,
    action: maybe(text),
    subject: maybe(text),
    planHash: maybe(text),
    createdAt: number,
    updatedAt: number,
    since: number,
    revision: number,
    retries: number,
  });
}

function plan(): z.ZodType<Plan> {
  return z.object({
    target: text,
    engine: text,
    pipeline: z.enum(pipelineIds),
    action: text,
    identity: pairs,
    subject: text,
    title: text,
    acts: z.array(
      z.object({
        id: text,
        summary: text,
        statement: text,
        undo: texts,
        undoKind: z.enum(['immediate', 'rebuild']),
        locks: text,
      }),
    ),
    preconditions: z.array(z.object({ id: text, text })),
    blastRadius: z.object({
      objects: texts,
      bytes: number.nullable(),
      locks: texts,
      estimatedMs: number.nullable(),
    }),
    cost: text,
    expectation: z.object({
      kind: z.enum(['gone', 'faster', 'in_force', 'not_slower']),
      byAtLeast: number,
      text,
    }),
    exclusive: texts,
    warnings: texts,
    facts,
    runId: text,
    caps: z.object({
      largestObjectBytes: number.nullable(),
      lockTimeoutMs: number,
      soakMs: number,
      changesPerDay: number,
    }),
    rehearsal: z.object({
      on: text,
      verdict: z.enum(['passed', 'failed', 'simulated', 'not_possible']),
      text,
      rows: z.record(text, z.object({ target: number, rehearsal: number })),
      figures: facts,
    }),
    evidence: texts,
    createdAt: number,
    expiresAt: number,
    hash: text,
  });
}

function report(): z.ZodType<RunReport> {
  return z.object({
    run: run(),
    plan: maybe(plan()),
    approval: maybe(
      z.object({
        runId: text,
        planHash: text,
        decision: z.enum(['approved', 'rejected']),
        by: text,
        at: number,
        comment: text,
      }),
    ),
    evidence: z.array(
      z.object({ id: text, runId: text, at: number, kind: z.enum(evidenceKinds), title: text, body: facts }),
    ),
    acts: z.array(
      z.object({
        id: number,
        runId: text,
        target: text,
        act: text,
        direction: z.enum(['apply', 'undo']),
        statement: text,
        fence: number,
        intentAt: number,
        outcome: maybe(z.enum(actResults)),
        outcomeAt: maybe(number),
        detail: text,
      }),
    ),
  });
}

const head = () => z.object({ sequence: number, hash: text });

function status(): z.ZodType<RemediationStatus> {
  return z.object({
    paused: maybe(z.object({ by: text, at: number, reason: text })),
    pauseFile: maybe(text),
    disabled: z.array(z.object({ target: text, action: text, runId: text, at: number, reason: text })),
    refusing: maybe(text),
    auditHead: head(),
  });
}

function entries(): z.ZodType<readonly AuditEntry[]> {
  return z.array(
    z.object({
      at: number,
      actor: text,
      event: z.enum(auditEvents),
      runId: text.nullable(),
      target: text.nullable(),
      planHash: text.nullable(),
      statements: texts,
      outcome: text,
      detail: facts,
      sequence: number,
      previous: text,
      hash: text,
    }),
  );
}

function answer(): z.ZodType<ControlAnswer> {
  return z.discriminatedUnion('ok', [
    z.object({ ok: z.literal(true), run: run().exactOptional(), text }),
    z.object({
      ok: z.literal(false),
      code: z.enum(['not_found', 'conflict', 'refused', 'unavailable']),
      text,
    }),
  ]);
}

const drillCheck = () =>
  z.object({ name: text, verdict: z.enum(['passed', 'failed', 'not_done']), detail: text });
const drillStep = () => z.object({ name: text, command: text, durationMs: number, detail: text });

function drills(): z.ZodType<readonly DrillProof[]> {
  return z.array(
    z.object({
      kind: z.literal('drill'),
      id: text,
      runId: text,
      target: text,
      engine: text,
      at: number,
      verdict: z.enum(['verified', 'failed']),
      counts: z.boolean(),
      subjects: texts,
      chain: text,
      backup: text,
      takenAt: number.nullable(),
      recoveryMs: number.nullable(),
      lossMs: number.nullable(),
      text,
      checks: z.array(drillCheck()),
      steps: z.array(drillStep()),
    }),
  );
}

/** Schemas of the answers, made when they are needed. */
export const answers = {
  runs: () => z.object({ runs: z.array(run()) }),
  report,
  status,
  audit: () => z.object({ entries: entries() }),
  auditReport: (): z.ZodType<AuditReport> =>
    z.object({
      lines: number,
      head: head(),
      fault: maybe(z.object({ sequence: number, text })),
    }),
  answer,
  drills: () => z.object({ drills: drills() }),
} as const;
