import type { ControlAnswer } from '../core/remediation/control.ts';
import { auditOf } from './journal.ts';
import type { Parts } from './parts.ts';
import { answered, refuse } from './refuse.ts';

/** A person takes note of the rows that a migration lost. */
export function acknowledge(parts: Parts, id: string, by: string, comment: string): Promise<ControlAnswer> {
  return answered(parts, 'acknowledge', async () => {
    const run = await parts.records.run(id);
    if (run === undefined)
      return refuse(parts, { what: 'acknowledge', by, id }, 'not_found', `there is no run ${id}`);
    const proofs = await parts.input.proofs.proofs({ kind: 'migration', runId: id });
    const lossy = proofs.filter(
      ({ rowsLost, acknowledgedBy }) => (rowsLost ?? 0) > 0 && acknowledgedBy === null,
    );
    if (lossy.length === 0)
      return refuse(
        parts,
        { what: 'acknowledge', by, run },
        'conflict',
        `run ${id} has no loss that waits for it`,
      );
    const said = parts.input.redact(comment).slice(0, 500);
    const rows = lossy.reduce((sum, { rowsLost }) => sum + (rowsLost ?? 0), 0);
    const outcome = `${rows} lost rows acknowledged${said === '' ? '' : `: ${said}`}`;
    await parts.records.appendAudit(auditOf(parts, run, { actor: by, event: 'loss_acknowledged', outcome }));
    for (const proof of lossy) await parts.input.proofs.saveProof({ ...proof, acknowledgedBy: by });
    return { ok: true, run, text: outcome };
  });
}
