import type { BackupOperations } from '../../core/remediation/backups.ts';
import type { Run } from '../../core/remediation/run.ts';
import { keepEvidence, withEvidence } from '../evidence.ts';
import type { Parts } from '../parts.ts';
import type { DrillWish } from './journaled-drill.ts';

/** Of what the backup takes once restored: a server needs more than the data to start. */
const margin = 1.2;

/** Why there is too little room for the restore; undefined where there is enough, or nobody knows: that is said. */
export async function roomFault(
  parts: Parts,
  run: Run,
  backups: BackupOperations,
  { chain, backup }: DrillWish,
  root: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = await withEvidence(parts, run.id, signal, (context) => backups.list(context));
  const wanted = found.find((each) => each.chain === chain && (backup === undefined || each.name === backup));
  const bytes = wanted?.restoredBytes ?? wanted?.bytes ?? undefined;
  const free = await parts.input.scratch.freeBytes(root);
  if (bytes === undefined || free === undefined) {
    await keepEvidence(parts, run.id, {
      kind: 'precheck',
      title: 'room in scratch: not known',
      body: { bytes: bytes ?? null, free: free ?? null },
    });
    return undefined;
  }
  const needed = Math.ceil(bytes * margin);
  await keepEvidence(parts, run.id, {
    kind: 'precheck',
    title: `room in scratch: ${gibibytes(free)} free, ${gibibytes(needed)} needed`,
    body: { bytes, needed, free },
  });
  return free >= needed
    ? undefined
    : `remediation.scratch (${root}) has ${gibibytes(free)} free and restoring ${wanted?.name ?? ''} takes about ${gibibytes(needed)}: make room, or name a folder on a larger disk`;
}

function gibibytes(bytes: number): string {
  return `${Number((bytes / 1024 ** 3).toPrecision(3))} GiB`;
}
