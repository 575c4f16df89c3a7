import { canonicalJson } from '../core/remediation/canonical-json.ts';
import type { Evidence, EvidenceDraft } from '../core/remediation/evidence.ts';
import type { Json, JsonObject } from '../core/remediation/json.ts';
import type { OperationContext } from '../core/remediation/operations.ts';
import type { Parts } from './parts.ts';
import { sha256 } from './plan-hash.ts';

/** Room for what a store adds. */
const mostBytes = 60 * 1024;

/** Keeps what was seen, without secrets; a body that is too long is cut and says so. */
export async function keepEvidence(
  { input, records }: Parts,
  runId: string,
  draft: EvidenceDraft,
): Promise<string> {
  const title = input.redact(draft.title).slice(0, 500);
  const body = fitting(redactObject(input.redact, draft.body));
  const { kind } = draft;
  const id = `e-${sha256(canonicalJson([runId, kind, title, body])).slice(0, 16)}`;
  const evidence: Evidence = { id, runId, kind, title, body, at: input.clock.now() };
  await records.addEvidence(evidence);
  return id;
}

/** Calls an operation and keeps what it saw, also when it fails. */
export async function withEvidence<T>(
  parts: Parts,
  runId: string,
  signal: AbortSignal,
  call: (context: OperationContext) => Promise<T>,
): Promise<T> {
  const seen: EvidenceDraft[] = [];
  try {
    return await call({ signal, runId, evidence: (draft) => void seen.push(draft) });
  } finally {
    for (const draft of seen) await keepEvidence(parts, runId, draft);
  }
}

function fitting(body: JsonObject): JsonObject {
  const bytes = Buffer.byteLength(JSON.stringify(body));
  if (bytes <= mostBytes) return body;
  const text = JSON.stringify(body).slice(0, mostBytes / 4);
  return { cut: `the first part of ${bytes} bytes`, text };
}

export function redactObject(redact: (text: string) => string, body: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [key, redactValue(redact, value)] as const),
  );
}

function redactValue(redact: (text: string) => string, value: Json): Json {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null) return value;
  return isList(value) ? value.map((each) => redactValue(redact, each)) : redactObject(redact, value);
}

/** `Array.isArray` does not narrow read-only lists. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
