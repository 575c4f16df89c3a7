import { isRefusal } from '../../core/remediation/operations.ts';
import type { Run } from '../../core/remediation/run.ts';
import { keepEvidence, withEvidence } from '../evidence.ts';
import { endRun, moveRun } from '../journal.ts';
import type { Parts } from '../parts.ts';
import { type DrillTurn, type DrillWish, failedReport } from './journaled-drill.ts';

/** Makes a backup where a person asked for that, and has that one restored. After a crash it may make a second one: both are kept in their chain. */
export async function takeBackup(
  parts: Parts,
  run: Run,
  wish: DrillWish,
  signal: AbortSignal,
): Promise<DrillTurn> {
  if (wish.take !== true) return { next: 'go', wish: JSON.stringify(wish) };
  const operations = await parts.input.operationsOf(run.target);
  const take = operations?.backups?.take?.bind(operations.backups);
  if (take === undefined)
    return failed(
      `Reeve cannot make backups of ${run.target}: make one with your own tool, then reeve drill ${run.target}`,
    );
  await moveRun(parts, run.id, ['preparing'], { reason: 'making a backup' });
  const taken = await withEvidence(parts, run.id, signal, (context) => take(wish.chain, context));
  if (isRefusal(taken)) return failed(`no backup was made: ${taken.text}`);
  await keepEvidence(parts, run.id, {
    kind: 'act',
    title: `made backup ${taken.name} in ${taken.chain}`,
    body: { chain: taken.chain, name: taken.name, bytes: taken.bytes, detail: taken.detail },
  });
  if (operations?.backups?.drill === undefined) {
    await endRun(
      parts,
      run.id,
      'observed',
      `made backup ${taken.name} in ${taken.chain}; no restore of ${run.engine} can be tried by Reeve`,
    );
    return { next: 'end' };
  }
  return { next: 'go', wish: JSON.stringify({ chain: taken.chain, backup: taken.name }) };
}

function failed(text: string): DrillTurn {
  return { next: 'report', report: JSON.stringify(failedReport(text)) };
}
