import { z } from 'zod';
import {
  type BackupFound,
  type BackupOperations,
  type BackupStrategy,
  CollectError,
  type EvidenceDraft,
} from '../../../src/sdk.ts';
import { resourcePath } from '../account-id.ts';
import { type BackupPolicy, backupFaults } from '../backup-policy.ts';
import type { Access, AccountNow } from './access.ts';

/** What Azure promises for continuous backups: changes are in them within this time. */
const continuousDelayMs = 100_000;
const chain = 'account';

/** What can be known of Azure's own backups. A restore always makes a new account, so there is no drill. */
export function createBackupOperations(access: Access): BackupOperations {
  return {
    chains: [chain],
    list: async ({ signal }) => {
      const account = await access.look(signal);
      const { backup } = account.facts;
      if (backup === undefined) return [];
      const restorable = await readRestorable(access, account, signal);
      return [found(backup, restorable, access.input.clock.now())];
    },
    strategy: (folder) => strategyFor(access, folder),
  };
}

/** What a person should know of the policy, with the request that would restore. */
export async function adviseBackup(access: Access, signal: AbortSignal): Promise<readonly EvidenceDraft[]> {
  const account = await access.look(signal);
  const { backup, regions } = account.facts;
  if (backup === undefined) return [];
  const restorable = await readRestorable(access, account, signal);
  const faults = backupFaults(backup, regions.length);
  const seen = found(backup, restorable, access.input.clock.now());
  const policy: EvidenceDraft = {
    kind: 'advice',
    title: `${seen.detail}; whether a restore works is proven by none of it: restore to a new account once a month, by hand`,
    body: {
      mode: backup.mode,
      tier: backup.tier,
      retentionHours: hoursOf(backup.retentionMs),
      intervalHours: hoursOf(backup.intervalMs),
      redundancy: backup.redundancy,
      regions: regions.length,
      oldestRestorable: restorable.oldest ?? null,
      restorableIn: [...restorable.locations],
      restore: restoreCommand(access),
    },
  };
  return [
    ...faults.map(
      ({ code, message, remedy }): EvidenceDraft => ({
        kind: 'advice',
        title: message,
        body: { code, remedy, retentionHours: hoursOf(backup.retentionMs) },
      }),
    ),
    policy,
  ];
}

interface Restorable {
  readonly oldest: string | undefined;
  readonly locations: readonly string[];
  /** Why it is not known. */
  readonly unknown: string;
}

const restorableSchema = z.looseObject({
  properties: z.looseObject({
    oldestRestorableTime: z.string().nullish(),
    restorableLocations: z.array(z.looseObject({ locationName: z.string() })).nullish(),
  }),
});

/** From when on Azure can restore it, and where; that needs a role on the subscription, which the collecting login need not have. */
async function readRestorable(
  access: Access,
  { facts, identity }: AccountNow,
  signal: AbortSignal,
): Promise<Restorable> {
  const location = facts.regions.find(({ writable }) => writable)?.name ?? facts.regions[0]?.name;
  const instance = identity['instance'] ?? 'unknown';
  const nothing = { oldest: undefined, locations: [] };
  if (facts.backup?.mode !== 'continuous') return { ...nothing, unknown: '' };
  if (location === undefined || instance === 'unknown')
    return { ...nothing, unknown: 'Azure does not say which instance it is' };
  try {
    const place = encodeURIComponent(location.toLowerCase().replaceAll(' ', ''));
    const answer = await access.reading().find(
      {
        path: `/providers/Microsoft.DocumentDB/locations/${place}/restorableDatabaseAccounts/${encodeURIComponent(instance)}`,
        below: 'subscription',
        query: { 'api-version': '2024-11-15' },
        what: 'restorable accounts',
        urgency: 'deferrable',
      },
      signal,
    );
    const read = restorableSchema.safeParse(answer);
    if (!read.success) return { ...nothing, unknown: 'Azure lists no such restorable account' };
    const { oldestRestorableTime, restorableLocations } = read.data.properties;
    const locations = (restorableLocations ?? []).map(({ locationName }) => locationName);
    return { oldest: oldestRestorableTime ?? undefined, locations, unknown: '' };
  } catch (thrown) {
    if (!(thrown instanceof CollectError) || thrown.code !== 'denied') throw thrown;
    const needs = 'Microsoft.DocumentDB/locations/restorableDatabaseAccounts/read on the subscription';
    return { ...nothing, unknown: `from when on is not known: the login needs ${needs}` };
  }
}

/** A policy counts for nothing as a proof, whatever it promises. */
function found(policy: BackupPolicy, restorable: Restorable, nowMs: number): BackupFound {
  const { mode, tier, retentionMs, intervalMs, redundancy } = policy;
  const ageMs = mode === 'continuous' ? continuousDelayMs : (intervalMs ?? 86_400_000);
  const hours = hoursOf(retentionMs);
  const kept =
    hours === null ? 'a time that is not known' : hours >= 48 ? `${hours / 24} days` : `${hours} h`;
  const since = restorable.oldest === undefined ? restorable.unknown : `since ${restorable.oldest}`;
  const detail =
    mode === 'continuous'
      ? `continuous backup, restorable to any second of ${kept}${since === '' ? '' : ` (${since})`}`
      : `periodic backup every ${hoursOf(intervalMs) ?? '?'} h, kept for ${kept}, ${redundancy || 'unknown'} redundancy; Azure does not say when the newest was taken, at worst so long ago`;
  return {
    chain,
    kind: mode,
    name: tier === '' ? 'Periodic' : tier,
    takenAt: nowMs - ageMs,
    recoverableUntil: nowMs - ageMs,
    bytes: null,
    databases: undefined,
    health: 'unknown',
    detail,
    isRetained: false,
  };
}

function restoreCommand({ account }: Access): string {
  const { name, resourceGroup, subscription } = account;
  return `az cosmosdb restore --subscription ${subscription} --resource-group ${resourceGroup} --account-name ${name} --target-database-account-name <new account> --restore-timestamp <2027-01-31T12:00:00Z> --location <region>`;
}

function strategyFor(access: Access, folder: string): BackupStrategy {
  const { name, resourceGroup, subscription } = access.account;
  const scope = `--subscription ${subscription} --resource-group ${resourceGroup}`;
  const script = `#!/bin/sh
# Restores ${name} to a NEW account, as of a point in time. It costs what the data costs until it is deleted.
# Usage: ${folder}/restore-to-new-account.sh <new account> <2027-01-31T12:00:00Z> <region>
set -eu
new=$1; at=$2; region=$3
az cosmosdb restore ${scope} --account-name ${name} \\
  --target-database-account-name "$new" --restore-timestamp "$at" --location "$region"
# Compare what came out, database by database, with what was there; then delete the new account:
az cosmosdb sql database list ${scope} --account-name "$new" --output table
echo "az cosmosdb delete ${scope} --name $new"
`;
  const policy = `#!/bin/sh
# Once. Continuous backup cannot be turned back to periodic. Asks Azure for: PATCH https://management.azure.com${resourcePath(access.account)}?api-version=2024-11-15
# {"properties":{"backupPolicy":{"type":"Continuous","continuousModeProperties":{"tier":"Continuous7Days"}}}}
set -eu
az cosmosdb update ${scope} --name ${name} --backup-policy-type Continuous --continuous-tier Continuous7Days
`;
  return {
    summary:
      'Azure backs the account up by itself. Continuous backup restores to any second of 7 days (no charge for the backup) or 30 days (charged by size), always into a new account. It does not protect from who may delete the account and its restorable instance, nor from the loss of the region while the account has only one.',
    files: [
      { name: 'turn-on-continuous-backup.sh', text: policy, isExecutable: true },
      { name: 'restore-to-new-account.sh', text: script, isExecutable: true },
    ],
    configLines: [],
    next: [
      'read both scripts, then run turn-on-continuous-backup.sh once',
      'once a month restore to a new account by restore-to-new-account.sh, compare, note how long it took, and delete that account',
      'protect the account from deletion: az lock create --lock-type CanNotDelete',
    ],
  };
}

function hoursOf(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 3_600_000;
}
