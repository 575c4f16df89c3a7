import type { RemediationReads } from '../core/ports/remediation-records.ts';
import type { AuditHead } from '../core/remediation/audit.ts';
import type { AuditFault } from '../core/remediation/audit-chain.ts';
import { checkAudit, emptyAudit, type Sha256 } from '../core/remediation/audit-chain.ts';
import type { AuditReport } from '../core/remediation/control.ts';

export interface VerifyAuditOptions {
  /** A head that was published before, in a report or as a metric: the audit must still contain this very line. */
  readonly expected?: AuditHead;
  /** Lines read at once. */
  readonly pageLines?: number;
}

const defaultPageLines = 500;

/**
 * Checks the whole chain, page by page, against the head that the store has and one that was published elsewhere. Whoever can write the
 * store can write a whole new chain too: only the published head gives that away.
 *
 * @throws {StoreError} `damaged` with the number of a line that cannot even be read.
 */
export async function verifyAudit(
  records: Pick<RemediationReads, 'audit' | 'auditHead'>,
  sha256: Sha256,
  { expected, pageLines = defaultPageLines }: VerifyAuditOptions = {},
): Promise<AuditReport> {
  // Read first: lines that are appended meanwhile are checked, and are not missed when they are not there yet.
  const head = await records.auditHead();
  const marks = [head, ...(expected === undefined ? [] : [expected])];
  let last = emptyAudit;
  for (;;) {
    const page = await records.audit(last.sequence + 1, pageLines);
    const fault = checkAudit(last, page, sha256) ?? faultAt(marks, page);
    if (fault !== undefined) return { lines: last.sequence, head, fault };
    const end = page.at(-1);
    if (end === undefined) break;
    last = { sequence: end.sequence, hash: end.hash };
  }
  return { lines: last.sequence, head: last, fault: cutOff(last, head, expected) };
}

/** A line that is there, and is another one than was published. */
function faultAt(marks: readonly AuditHead[], page: readonly AuditHead[]): AuditFault | undefined {
  for (const mark of marks) {
    const line = page.find(({ sequence }) => sequence === mark.sequence);
    if (line !== undefined && line.hash !== mark.hash)
      return {
        sequence: line.sequence,
        text: `line ${line.sequence} is not the one whose hash was published (${mark.hash}): it was written anew, with all that follow`,
      };
  }
  return undefined;
}

/** Lines that were there once and are missing at the end. */
function cutOff(last: AuditHead, head: AuditHead, expected: AuditHead | undefined): AuditFault | undefined {
  const longest = Math.max(head.sequence, expected?.sequence ?? 0);
  if (longest > last.sequence)
    return {
      sequence: last.sequence + 1,
      text: `the audit ends with line ${last.sequence}, and line ${longest} was published: the lines after ${last.sequence} were cut off`,
    };
  if (head.sequence === 0 && last.sequence > 0)
    return { sequence: 1, text: 'there are lines, and the store has no head for them: it was removed' };
  return undefined;
}
