import type { AuditDraft, AuditEntry, AuditHead } from './audit.ts';
import { canonicalJson } from './canonical-json.ts';

/** SHA-256 of a text, lower-case hexadecimal; handed in because core has no crypto. */
export type Sha256 = (text: string) => string;

/** What stands before the first line. */
export const emptyAudit: AuditHead = { sequence: 0, hash: '0'.repeat(64) };

/** The next line of the chain. */
export function chainAudit(head: AuditHead, draft: AuditDraft, sha256: Sha256): AuditEntry {
  const body = { ...draft, sequence: head.sequence + 1, previous: head.hash };
  return { ...body, hash: hashOf(body, sha256) };
}

/** Where the chain is broken: the first line that is not what was written, and why; undefined when it holds. */
export interface AuditFault {
  readonly sequence: number;
  readonly text: string;
}

/** Checks lines that follow `head`, in order. */
export function checkAudit(
  head: AuditHead,
  entries: readonly AuditEntry[],
  sha256: Sha256,
): AuditFault | undefined {
  let previous = head;
  for (const entry of entries) {
    const fault = faultOf(previous, entry, sha256);
    if (fault !== undefined) return { sequence: previous.sequence + 1, text: fault };
    previous = entry;
  }
  return undefined;
}

function faultOf(previous: AuditHead, entry: AuditEntry, sha256: Sha256): string | undefined {
  const { hash, ...body } = entry;
  if (entry.sequence !== previous.sequence + 1)
    return `line ${previous.sequence + 1} is missing: line ${entry.sequence} follows line ${previous.sequence}`;
  if (entry.previous !== previous.hash)
    return `line ${entry.sequence} does not follow the line before it: one of them was replaced`;
  if (hash !== hashOf(body, sha256)) return `line ${entry.sequence} was changed after it was written`;
  return undefined;
}

/** Named fields only, so that a column that a store adds is not part of it. */
function hashOf(body: Omit<AuditEntry, 'hash'>, sha256: Sha256): string {
  const { sequence, previous, at, actor, event, runId, target, planHash, statements, outcome, detail } = body;
  return sha256(
    canonicalJson({
      sequence,
      previous,
      at,
      actor,
      event,
      runId,
      target,
      planHash,
      statements,
      outcome,
      detail,
    }),
  );
}
