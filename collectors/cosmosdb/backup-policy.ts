import { z } from 'zod';
import type { CosmosdbContext } from './metrics.ts';

/** How Azure backs an account up; what it does not say is undefined. */
export interface BackupPolicy {
  readonly mode: 'continuous' | 'periodic';
  /** `Continuous7Days`, `Continuous30Days`; empty where it is periodic. */
  readonly tier: string;
  /** How far back it can be restored, in milliseconds. */
  readonly retentionMs: number | undefined;
  /** Time from one backup to the next; undefined where it is continuous. */
  readonly intervalMs: number | undefined;
  /** `Geo`, `Zone` or `Local`, of periodic ones; empty where Azure does not say. */
  readonly redundancy: string;
}

export const backupPolicySchema = z.looseObject({
  type: z.string(),
  periodicModeProperties: z
    .looseObject({
      backupIntervalInMinutes: z.number().nullish(),
      backupRetentionIntervalInHours: z.number().nullish(),
      backupStorageRedundancy: z.string().nullish(),
    })
    .nullish(),
  continuousModeProperties: z.looseObject({ tier: z.string().nullish() }).nullish(),
});

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Undefined for a kind that this version does not know. */
export function toBackupPolicy(found: z.infer<typeof backupPolicySchema>): BackupPolicy | undefined {
  const { type, periodicModeProperties: periodic, continuousModeProperties: continuous } = found;
  if (/^continuous$/i.test(type)) {
    // An account from before there were tiers has the longer one.
    const tier = continuous?.tier ?? 'Continuous30Days';
    const days = Number(/(\d+)Days$/i.exec(tier)?.[1]);
    const retentionMs = Number.isFinite(days) ? days * day : undefined;
    return { mode: 'continuous', tier, retentionMs, intervalMs: undefined, redundancy: '' };
  }
  if (!/^periodic$/i.test(type)) return undefined;
  const hours = periodic?.backupRetentionIntervalInHours ?? undefined;
  const minutes = periodic?.backupIntervalInMinutes ?? undefined;
  return {
    mode: 'periodic',
    tier: '',
    retentionMs: hours === undefined ? undefined : hours * hour,
    intervalMs: minutes === undefined ? undefined : minutes * minute,
    redundancy: periodic?.backupStorageRedundancy ?? '',
  };
}

/** Whether the loss of the write region leaves a backup; undefined where Azure does not say. */
function outlivesRegion({ mode, redundancy }: BackupPolicy, regions: number): boolean | undefined {
  // Continuous ones lie in every region of the account.
  if (mode === 'continuous') return regions > 1;
  return redundancy === '' ? undefined : /^geo$/i.test(redundancy);
}

/** What should be mended about a policy, worst first. */
export function backupFaults(policy: BackupPolicy, regions: number): readonly BackupFault[] {
  const { mode, retentionMs, intervalMs } = policy;
  const faults: BackupFault[] = [];
  const isShort = retentionMs !== undefined && retentionMs < day;
  if (mode === 'periodic' && isShort)
    faults.push({
      code: 'backup_retention_short',
      severity: 'warning',
      message: `backups are kept for ${retentionMs / hour} h${copiesText(retentionMs, intervalMs)}: what was deleted by mistake on Friday evening is gone on Saturday`,
      remedy:
        'az cosmosdb update --name <account> --resource-group <group> --backup-policy-type Continuous --continuous-tier Continuous7Days   # cannot be turned back; 7 days cost nothing, 30 days do',
    });
  else if (mode === 'periodic')
    faults.push({
      code: 'backup_periodic',
      severity: 'info',
      message:
        'backups are periodic: only Azure support restores them, to the time of a backup and not to a point in time',
      remedy:
        'az cosmosdb update --name <account> --resource-group <group> --backup-policy-type Continuous --continuous-tier Continuous7Days   # cannot be turned back',
    });
  if (outlivesRegion(policy, regions) === false)
    faults.push({
      code: 'backup_in_one_region',
      severity: 'warning',
      message:
        mode === 'continuous'
          ? 'the account has one region, and its continuous backup lies in it alone: who loses the region loses both'
          : `backups are kept with ${policy.redundancy} redundancy: who loses the region loses them too`,
      remedy:
        mode === 'continuous'
          ? 'az cosmosdb update --name <account> --resource-group <group> --locations regionName=<write region> failoverPriority=0 --locations regionName=<second region> failoverPriority=1   # costs as much as the first region'
          : 'az cosmosdb update --name <account> --resource-group <group> --backup-redundancy Geo',
    });
  return faults;
}

export interface BackupFault {
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly message: string;
  readonly remedy: string;
}

/** The policy as it is known from the account: no read of its own. */
export function recordBackupPolicy(
  policy: BackupPolicy | undefined,
  regions: number,
  context: CosmosdbContext,
): void {
  if (policy === undefined) return;
  context.record('backupContinuous', Number(policy.mode === 'continuous'), {});
  context.record('backupRetentionSeconds', seconds(policy.retentionMs), {});
  context.record('backupIntervalSeconds', seconds(policy.intervalMs), {});
  const outlives = outlivesRegion(policy, regions);
  context.record('backupOutlivesRegion', outlives === undefined ? undefined : Number(outlives), {});
  for (const fault of backupFaults(policy, regions)) context.find({ ...fault, subject: '' });
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

function copiesText(retentionMs: number, intervalMs: number | undefined): string {
  return intervalMs === undefined || intervalMs === 0
    ? ''
    : ` (${Math.floor(retentionMs / intervalMs)} copies, one every ${intervalMs / hour} h)`;
}
