import { createHash } from 'node:crypto';
import { canonicalJson } from '../core/remediation/canonical-json.ts';
import type { JsonObject } from '../core/remediation/json.ts';
import type { Plan } from '../core/remediation/plan.ts';

/** SHA-256 of a text, lower-case hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * The hash that an approval is bound to: over everything the plan says, so that whatever changes (the server, a statement, its undo, a
 * precondition, a limit, the rehearsal, the expiry) voids it.
 */
export function planHash(plan: Omit<Plan, 'hash'>): string {
  return sha256(canonicalJson(plainPlan(plan)));
}

/** Field by field: the compiler says when a plan has one more, and what a store adds is not part of it. */
function plainPlan(plan: Omit<Plan, 'hash'>): JsonObject {
  const { runId, target, engine, pipeline, action, identity, subject, title, cost, exclusive } = plan;
  const { warnings, facts, evidence, createdAt, expiresAt, blastRadius, expectation, caps, rehearsal } = plan;
  const covered: Record<keyof Omit<Plan, 'hash'>, JsonObject[string]> = {
    runId,
    target,
    engine,
    pipeline,
    action,
    identity,
    subject,
    title,
    acts: plan.acts.map((act) => ({ ...act })),
    preconditions: plan.preconditions.map((condition) => ({ ...condition })),
    blastRadius: { ...blastRadius },
    cost,
    expectation: { ...expectation },
    exclusive,
    warnings,
    facts,
    caps: { ...caps },
    rehearsal: { ...rehearsal },
    evidence,
    createdAt,
    expiresAt,
  };
  return covered;
}
