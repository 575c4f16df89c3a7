import { readMigrationSubject } from '../core/remediation/migration-files.ts';
import type { Operations } from '../core/remediation/operations.ts';
import type { PlanDraft } from '../core/remediation/plan.ts';
import { type BackupStanding, chainsOf } from './backup-standing.ts';
import type { Parts } from './parts.ts';
import { saysNothing, textOf } from './points.ts';

/** Longer than a look at files and catalogues takes. */
const longestMs = 60_000;

/** How the backups of a target stand for this plan; undefined where no agent is there to look. */
export async function readBackupStanding(
  parts: Parts,
  operations: Pick<Operations, 'backups'> | undefined,
  { target, subject }: Pick<PlanDraft, 'target' | 'subject'>,
  signal: AbortSignal = new AbortController().signal,
): Promise<BackupStanding | undefined> {
  if (operations === undefined) return undefined;
  const { backups } = operations;
  if (backups === undefined)
    return { unknown: 'Reeve knows no backups here', drills: false, takes: false, chains: [] };
  const known = { drills: backups.drill !== undefined, takes: backups.take !== undefined };
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
    const found = await backups.list({ signal: limit, runId: '', evidence: () => undefined });
    const proofs = await parts.input.proofs.proofs({ kind: 'drill', target });
    const chains = chainsOf(backups.chains, found, proofs, readMigrationSubject(subject).database);
    return { ...known, unknown: undefined, chains };
  } catch (error) {
    if (saysNothing(error, signal)) throw error;
    return { ...known, unknown: `its backups could not be read (${textOf(parts, error)})`, chains: [] };
  }
}
