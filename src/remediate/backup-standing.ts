import type { BackupFound } from '../core/remediation/backups.ts';
import type { DrillProof } from '../core/remediation/proof.ts';
import { roughly } from './roughly.ts';

/** What a migration may rest on: backups, and the restores that proved their chains. */
export interface BackupStanding {
  /** Why nothing can be said of them; undefined where they were read. */
  readonly unknown: string | undefined;
  /** Whether a restore can be tried at all. */
  readonly drills: boolean;
  /** Whether Reeve can make one. */
  readonly takes: boolean;
  readonly chains: readonly ChainStanding[];
}

export interface ChainStanding {
  readonly chain: string;
  /** Until when data can be recovered from the newest sound backup that holds the database, Unix time in milliseconds; undefined: there is none. */
  readonly recoverableUntil: number | undefined;
  /** When its restore was last proven; undefined: never. */
  readonly provenAt: number | undefined;
}

const day = 86_400_000;
const oldestBackupMs = day;
/** A drill runs each week, and is tried again when it fails. */
const oldestProofMs = 31 * day;

/** By chain, for one database where the plan names it. */
export function chainsOf(
  chains: readonly string[],
  found: readonly BackupFound[],
  proofs: readonly DrillProof[],
  database: string | undefined,
): readonly ChainStanding[] {
  return chains.map((chain) => {
    const sound = found.filter(
      (each) =>
        each.chain === chain &&
        each.isRetained &&
        each.health !== 'damaged' &&
        holds(each.databases, database),
    );
    const proven = proofs.filter(
      (each) => each.chain === chain && each.counts && holds(each.subjects, database),
    );
    return {
      chain,
      recoverableUntil: newest(
        sound.map(({ takenAt, recoverableUntil }) => Math.max(takenAt, recoverableUntil)),
      ),
      provenAt: newest(proven.map(({ at }) => at)),
    };
  });
}

/** Nothing, or '' for the whole server, says that all databases are in it. */
export function holds(databases: readonly string[] | undefined, database: string | undefined): boolean {
  if (databases === undefined || databases.length === 0 || database === undefined) return true;
  return databases.includes(database) || databases.includes('');
}

function newest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.max(...times);
}

/** Why a migration may not rest on them, with what to run; undefined where one chain is recent and proven. */
export function backupFault(
  { unknown, drills, takes, chains }: BackupStanding,
  target: string,
  now: number,
): string | undefined {
  const needs = 'a migration needs a backup of the last 24 hours whose restore was proven';
  if (unknown !== undefined) return `${needs}: ${unknown}`;
  if (chains.length === 0)
    return `${needs}: no backup of ${target} is configured (reeve backup init ${target})`;
  if (!drills)
    return `${needs}: Reeve cannot try a restore of ${target}, so it applies no migration there; the plan can be applied with your own tool`;
  const faults = chains.map((each) => chainFault(each, { target, takes, now }));
  return faults.includes(undefined) ? undefined : `${needs}: ${faults.join('; ')}`;
}

function chainFault(
  { chain, recoverableUntil, provenAt }: ChainStanding,
  { target, takes, now }: { readonly target: string; readonly takes: boolean; readonly now: number },
): string | undefined {
  const fresh = takes
    ? `reeve drill ${target} --chain ${chain} --take`
    : `make one, then reeve drill ${target} --chain ${chain}`;
  if (recoverableUntil === undefined) return `chain ${chain} has no sound backup of it (${fresh})`;
  if (now - recoverableUntil > oldestBackupMs)
    return `the newest of chain ${chain} is ${roughly(now - recoverableUntil)} old (${fresh})`;
  if (provenAt === undefined)
    return `no restore of chain ${chain} was ever proven (reeve drill ${target} --chain ${chain})`;
  return now - provenAt > oldestProofMs
    ? `no restore of chain ${chain} was proven for ${roughly(now - provenAt)} (reeve drill ${target} --chain ${chain})`
    : undefined;
}
