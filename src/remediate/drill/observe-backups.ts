import type { BackupFound, BackupOperations } from '../../core/remediation/backups.ts';
import type { JsonObject } from '../../core/remediation/json.ts';
import type { Run } from '../../core/remediation/run.ts';
import { keepEvidence, withEvidence } from '../evidence.ts';
import { breachSubject } from '../find-candidates.ts';
import { endRun } from '../journal.ts';
import { adviceOf } from '../observe.ts';
import type { Parts } from '../parts.ts';
import { roughly } from '../roughly.ts';
import { siteOf } from '../situation.ts';
import { chooseBackup, wantedBackups } from './choose-backup.ts';
import { type DrillTurn, type DrillWish, failedReport, readWish } from './journaled-drill.ts';

const mostShown = 100;

/** Keeps what is known of the target's backups, and chooses the one to restore. */
export async function observeBackups(
  parts: Parts,
  run: Run,
  _wish: DrillWish,
  signal: AbortSignal,
): Promise<DrillTurn> {
  const { input } = parts;
  const database = breachSubject(parts, run);
  const wish: DrillWish = {
    ...readWish(run.trigger.request),
    ...(database === undefined ? {} : { database }),
  };
  if (siteOf(input.targets(), run.target) === undefined) {
    await endRun(parts, run.id, 'refused', `target ${run.target} is no longer configured`);
    return { next: 'end' };
  }
  const operations = await input.operationsOf(run.target);
  const backups = operations?.backups;
  if (backups === undefined) {
    await endRun(parts, run.id, 'observed', `Reeve knows nothing of backups of ${run.engine}`);
    return { next: 'end' };
  }
  const found = await withEvidence(parts, run.id, signal, (context) => backups.list(context));
  if (found.length > 0 || backups.chains.length > 0)
    await keepEvidence(parts, run.id, catalogueOf(backups, found, input.clock.now()));
  // One that is asked for is made all the same: the next step ends there.
  const isTaken = readWish(run.trigger.request).take === true && backups.take !== undefined;
  if (backups.drill === undefined && !isTaken) {
    const advised = operations === undefined ? [] : (await adviceOf(parts, run, operations, signal)).advice;
    const seen = [`${found.length} backups are known`, ...advised.map(({ title }) => title)].join('; ');
    await endRun(parts, run.id, 'observed', `${seen}; no restore of ${run.engine} can be tried by Reeve`);
    return { next: 'end' };
  }
  const fault = wish.take === true ? undefined : missing(run.target, backups, found, wish);
  if (backups.chains.length === 0) return failed(notConfigured(run.target));
  const contradiction = contradictionOf(wish, input.clock.now());
  if (contradiction !== undefined) return failed(contradiction);
  if (fault !== undefined) return failed(fault);
  const proofs = await input.proofs.proofs({ kind: 'drill', target: run.target });
  const chosen = wish.take === true ? undefined : chooseBackup(found, wish, proofs);
  const named =
    chosen === undefined
      ? wish
      : // To a point in time the engine chooses the backup that reaches it.
        { ...wish, chain: chosen.chain, ...(wish.until === undefined ? { backup: chosen.name } : {}) };
  return { next: 'go', wish: JSON.stringify(named) };
}

function notConfigured(target: string): string {
  return `no backup of ${target} is configured: reeve backup init ${target} writes a strategy and the lines for its key "backups"; then reeve drill ${target}`;
}

/** Why nothing can be as it was asked for. */
function contradictionOf({ take, backup, until }: DrillWish, now: number): string | undefined {
  if (take === true && (backup !== undefined || until !== undefined))
    return 'a backup that is made now is neither an older one (--backup) nor from an earlier moment (--until): leave out --take, or the others';
  if (until !== undefined && until > now)
    return `${new Date(until).toISOString()} lies in the future (it is ${new Date(now).toISOString()}): name a moment that has been, in UTC with a Z at its end`;
  return undefined;
}

function missing(
  target: string,
  { chains }: BackupOperations,
  found: readonly BackupFound[],
  wish: DrillWish,
): string | undefined {
  const { chain, backup, database, until } = wish;
  if (chain !== undefined && !chains.includes(chain))
    return `${target} has no backup chain ${chain}: it has ${chains.join(', ')}`;
  if (wantedBackups(found, wish).length > 0) return undefined;
  if (until !== undefined) {
    const { until: _, ...rest } = wish;
    const oldest = Math.min(...wantedBackups(found, rest).map(({ takenAt }) => takenAt));
    if (Number.isFinite(oldest))
      return `no backup of ${target} is old enough for ${new Date(until).toISOString()}: the oldest that could be is of ${new Date(oldest).toISOString()}, and only later moments can be restored from it`;
  }
  const which = `${backup === undefined ? '' : ` ${backup}`}${database === undefined ? '' : ` with database ${database}`}`;
  const named = `${which} in ${chain ?? chains.join(', ')}`;
  return `there is no backup${named} of ${target}: look whether what makes them still runs (reeve backup list ${target})`;
}

function failed(text: string): DrillTurn {
  return { next: 'report', report: JSON.stringify(failedReport(text)) };
}

function catalogueOf(
  { chains }: BackupOperations,
  found: readonly BackupFound[],
  now: number,
): { readonly kind: 'catalogue'; readonly title: string; readonly body: JsonObject } {
  const [newest] = found.toSorted((one, other) => other.takenAt - one.takenAt);
  const age = newest === undefined ? 'none' : `newest ${roughly(now - newest.takenAt)} old`;
  return {
    kind: 'catalogue',
    title: `backups: ${found.length} in ${chains.length} chains, ${age}`,
    body: {
      chains,
      backups: found.slice(0, mostShown).map((each) => ({
        chain: each.chain,
        kind: each.kind,
        name: each.name,
        takenAt: new Date(each.takenAt).toISOString(),
        recoverableUntil: new Date(each.recoverableUntil).toISOString(),
        bytes: each.bytes,
        databases: each.databases ?? null,
        health: each.health,
        detail: each.detail,
        isRetained: each.isRetained,
      })),
    },
  };
}
