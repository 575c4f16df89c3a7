import { createHash } from 'node:crypto';
import type { RunChange } from '../core/ports/remediation-records.ts';
import type { AuditDraft, AuditEntry, AuditHead } from '../core/remediation/audit.ts';
import { chainAudit } from '../core/remediation/audit-chain.ts';
import type { Evidence } from '../core/remediation/evidence.ts';
import type { Json, JsonObject } from '../core/remediation/json.ts';
import type { ActRecord, Run } from '../core/remediation/run.ts';
import { checkTimes } from './objective-values.ts';

/** The longest evidence, as JSON. */
const longestEvidenceBytes = 64 * 1024;

/** @throws {RangeError} when one of its times is not a finite number. */
export function checkRun(run: Run): void {
  checkTimes('run', run.createdAt, run.updatedAt, run.since, run.revision, run.retries);
}

/** @throws {RangeError} when one of its numbers is not a finite number. */
export function checkChange({ updatedAt, since, retries }: RunChange): void {
  checkTimes('change of a run', updatedAt, since, retries);
}

/** @throws {RangeError} when a number in it is not finite. */
export function checkIntent({ fence, intentAt }: Pick<ActRecord, 'fence' | 'intentAt'>): void {
  checkTimes('intent of an act', fence, intentAt);
}

/** @throws {RangeError} when it is longer than 64 KiB as JSON, or its time is not a finite number. */
export function checkEvidence({ at, body, title }: Evidence): void {
  checkTimes('evidence', at);
  const bytes = Buffer.byteLength(JSON.stringify(body));
  if (bytes <= longestEvidenceBytes) return;
  throw new RangeError(
    `evidence "${title}": ${bytes} bytes are too many to keep, at most ${longestEvidenceBytes}`,
  );
}

/**
 * The next line of the audit, as it will be read again: what JSON does not hold is not hashed either, so that the chain holds.
 *
 * @throws {RangeError} when its time is not a finite number.
 */
export function nextLine(head: AuditHead, draft: AuditDraft): AuditEntry {
  checkTimes('audit line', draft.at);
  return chainAudit(head, { ...draft, detail: asKept(draft.detail) }, sha256);
}

/** What is thrown where an outcome cannot be written. */
export function notOpen(id: number): Error {
  return new RangeError(`act ${id} has its outcome already, or was never begun: an outcome is written once`);
}

/** Lower-case hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function asKept(detail: JsonObject): JsonObject {
  const entries = Object.entries(detail).filter(([, value]) => isKept(value));
  return Object.fromEntries(entries.map(([key, value]) => [key, keptValue(value)]));
}

function keptValue(value: Json): Json {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null) return value;
  return isList(value) ? value.map((one) => (isKept(one) ? keptValue(one) : null)) : asKept(value);
}

/** Values that JavaScript let in and JSON leaves out. */
function isKept(value: unknown): boolean {
  return value !== undefined;
}

/** `Array.isArray` does not narrow read-only lists. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
