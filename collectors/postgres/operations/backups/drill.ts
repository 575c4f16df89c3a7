import { z } from 'zod';
import {
  CollectError,
  type DrillContext,
  type DrillReport,
  type DrillRequest,
  messageOf,
} from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import { BackupError, type Chain, type LocatedBackup } from './chain.ts';
import { compareServer } from './compare-server.ts';
import { createJournal, type DrillJournal } from './drill-journal.ts';
import { readDumpArchive } from './dump-archive.ts';
import { compareWithTarget } from './dump-origin.ts';
import { listChain, placesOf, toolPlaces } from './list.ts';
import type { Restored, RestoreRequest } from './restore.ts';
import { restoreBase } from './restore-base.ts';
import { restoreDump } from './restore-dump.ts';
import { restoreFromRepository } from './restore-repository.ts';
import { dataDirectoryOf, prepareScratch, type ScratchPlace } from './scratch-place.ts';
import { explainLog } from './scratch-server.ts';
import { type Verified, verify } from './verify.ts';

/** Of the deadline, what reading and comparing may take until it begins nothing more. */
const verifyShare = 0.9;

interface Drill {
  readonly access: Access;
  readonly request: DrillRequest;
  readonly context: DrillContext;
  readonly journal: DrillJournal;
  /** Fires at the drill's own deadline too. */
  readonly signal: AbortSignal;
  readonly begunAt: number;
  readonly begunMs: number;
}

/** What is known of a drill before it is over, for the report of one that fails. */
interface Progress {
  backup: LocatedBackup | undefined;
  place: string;
}

/** Restores one backup into the drill's folder, reads all of it, and says what came out. Throws for nothing but the caller's signal. */
export async function drillBackup(
  access: Access,
  request: DrillRequest,
  context: DrillContext,
): Promise<DrillReport> {
  const { clock, options } = access.input;
  const deadline = AbortSignal.timeout(options.drillDeadline);
  const drill: Drill = {
    access,
    request,
    context,
    journal: createJournal(clock, context.onStep),
    signal: AbortSignal.any([context.signal, deadline]),
    begunAt: clock.now(),
    begunMs: clock.monotonicMs(),
  };
  const progress: Progress = { backup: undefined, place: '' };
  try {
    return await restoreAndVerify(drill, progress);
  } catch (thrown) {
    context.signal.throwIfAborted();
    const text = deadline.aborted
      ? `it took longer than drillDeadline allows (${Math.round(options.drillDeadline / 1_000)} s) and was ended`
      : messageOf(thrown);
    return failed(drill, progress, text);
  }
}

async function restoreAndVerify(drill: Drill, progress: Progress): Promise<DrillReport> {
  const { access, context, journal, signal } = drill;
  const own = await dataDirectoryOf(access, signal);
  const place = await prepareScratch(context.folder, [
    ...(own === undefined ? [] : [own]),
    ...placesOf(access.input.options),
  ]);
  progress.place = place.why;
  const { backup, chain } = await choose(drill);
  progress.backup = backup;
  if (backup.found.health === 'damaged')
    throw new BackupError(`${backup.found.name} is damaged: ${backup.found.detail}`);
  const begin = access.input.clock.monotonicMs();
  const restored = await restore(drill, { backup, chain, place });
  try {
    await compareOrigin(drill, restored, { backup, chain });
    const verified = await journal.step('verify', '', () =>
      verify({
        server: restored.server,
        journal,
        access,
        databases: backup.found.databases,
        hasUnprovenFiles: restored.hasUnprovenFiles === true,
        endMs: drill.begunMs + access.input.options.drillDeadline * verifyShare,
        signal,
      }),
    );
    const recoveryMs = access.input.clock.monotonicMs() - begin;
    return report(drill, { backup, place, restored, verified, recoveryMs });
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    throw new BackupError(`${messageOf(thrown)}: ${explainLog(await restored.server.log())}`, {
      cause: thrown,
    });
  } finally {
    await restored.server.stop();
  }
}

async function choose({
  access,
  request,
  signal,
}: Drill): Promise<{ readonly backup: LocatedBackup; readonly chain: Chain }> {
  const { options } = access.input;
  const chains = Object.entries(options.backups).filter(
    ([name]) => request.chain === undefined || name === request.chain,
  );
  if (chains.length === 0) {
    throw new BackupError(
      request.chain === undefined
        ? 'no backups are configured for this target: name them in its backups, or make some with "reeve backup init"'
        : `there is no chain ${request.chain} in the backups of this target: ${Object.keys(options.backups).join(', ')}`,
    );
  }
  const places = toolPlaces(options);
  const found: { backup: LocatedBackup; chain: Chain }[] = [];
  for (const [name, chain] of chains) {
    for (const backup of await listChain(name, chain, places, signal)) found.push({ backup, chain });
  }
  const wanted = found
    .filter(({ backup }) => request.backup === undefined || backup.found.name === request.backup)
    .filter(({ backup }) => request.until === undefined || backup.found.takenAt <= request.until);
  const healthy = wanted.filter(({ backup }) => backup.found.health !== 'damaged');
  const [chosen] = (healthy.length === 0 ? wanted : healthy).toSorted(
    (a, b) => b.backup.found.takenAt - a.backup.found.takenAt,
  );
  if (chosen !== undefined) return chosen;
  const before = request.until === undefined ? '' : ` from before ${new Date(request.until).toISOString()}`;
  throw new BackupError(
    `there is no backup ${request.backup ?? ''}${before} in ${chains.map(([name]) => name).join(', ')}: nothing to restore`,
  );
}

/** Whether it is this target's own and whole, by what nobody writes by hand: numbers of tables, the server's identifier. */
async function compareOrigin(
  { access, journal, signal }: Drill,
  { server }: Restored,
  { backup, chain }: Pick<Chosen, 'backup' | 'chain'>,
): Promise<void> {
  if (chain.kind === 'pg_dump')
    await compareWithTarget(access, await readDumpArchive(backup.path ?? chain.path), journal, signal);
  else await compareServer(access, server, journal, signal);
}

interface Chosen {
  readonly backup: LocatedBackup;
  readonly chain: Chain;
  readonly place: ScratchPlace;
}

async function restore(drill: Drill, { backup, chain, place }: Chosen): Promise<Restored> {
  const { access, journal, request, signal } = drill;
  const { clock, conceal, options } = access.input;
  if (request.until !== undefined && chain.kind === 'pg_dump')
    throw new BackupError(
      'a file of pg_dump holds one moment only: it cannot be restored to a point in time',
    );
  const all: RestoreRequest = {
    backup,
    chain,
    place,
    tools: toolPlaces(options),
    journal,
    until: request.until,
    superuser: await superuserOf(access, signal),
    clock,
    signal,
    conceal,
  };
  if (chain.kind === 'pg_dump') return restoreDump(all, backup.path ?? chain.path);
  if (chain.kind === 'base_backup') return restoreBase(all, chain, backup.path ?? chain.path);
  return restoreFromRepository(all, chain);
}

/** The role that initdb made has the same name in every copy. */
async function superuserOf(access: Access, signal: AbortSignal): Promise<string> {
  const row = z.object({ name: z.string() });
  const sql = 'SELECT rolname::text AS name FROM pg_roles WHERE oid = 10';
  const rows = await access
    .reading(undefined, signal, (connection) => connection.query(sql, row, signal))
    .catch((thrown: unknown) => {
      if (thrown instanceof CollectError) return [];
      throw thrown;
    });
  signal.throwIfAborted();
  return rows[0]?.name ?? 'postgres';
}

interface Outcome {
  readonly backup: LocatedBackup;
  readonly place: ScratchPlace;
  readonly restored: Restored;
  readonly verified: Verified;
  readonly recoveryMs: number;
}

function report({ journal, begunAt, request }: Drill, outcome: Outcome): DrillReport {
  const { backup, place, restored, verified, recoveryMs } = outcome;
  const { found } = backup;
  const bad = journal.checks.filter(({ verdict }) => verdict === 'failed');
  const lossMs = Math.max(0, (request.until ?? begunAt) - restored.newestAt);
  const counts = `${verified.tables} tables with ${verified.rows} rows in ${verified.databases.join(', ')}`;
  const text =
    bad.length === 0
      ? `${found.name} of chain ${found.chain} came back on PostgreSQL ${restored.major} within ${seconds(recoveryMs)}: ${counts}. The newest data in it is ${seconds(lossMs)} older than ${request.until === undefined ? 'this drill' : 'the time asked for'}.`
      : `${found.name} of chain ${found.chain} came back, and ${bad.length} checks failed: ${bad
          .slice(0, 3)
          .map(({ name, detail }) => `${name}: ${detail}`)
          .join(
            '; ',
          )}. Do not rely on it: make another backup and look at the disk and the tool that made this one.`;
  return {
    verdict: bad.length === 0 ? 'verified' : 'failed',
    text: [text, ...restored.notes.map((note) => `Note: ${note}.`)].join(' '),
    backup: found,
    subjects: verified.databases,
    steps: journal.steps,
    checks: journal.checks,
    recoveryMs,
    lossMs,
    place: `${place.why}; the server ran there on its Unix socket only, and said so itself${restored.server.isCutOff ? '; it was cut off from every network' : ''}`,
    figures: {
      tables: verified.tables,
      rows: verified.rows,
      databases: verified.databases.length,
      major: restored.major,
    },
  };
}

function failed({ journal }: Drill, { backup, place }: Progress, text: string): DrillReport {
  const about =
    backup === undefined ? '' : `${backup.found.name} of chain ${backup.found.chain} did not come back: `;
  const next =
    backup === undefined
      ? ''
      : ' Production was not touched. Try an older backup (--backup), and make a new one.';
  return {
    verdict: 'failed',
    text: `${about}${text}${/[.!?]$/.test(text) ? '' : '.'}${next}`,
    backup: backup?.found,
    subjects: backup?.found.databases ?? [],
    steps: journal.steps,
    checks: journal.checks,
    recoveryMs: undefined,
    lossMs: undefined,
    place,
    figures: {},
  };
}

function seconds(ms: number): string {
  const value = ms / 1_000;
  if (value < 120) return `${value.toFixed(1)} s`;
  return value < 7_200 ? `${Math.round(value / 60)} min` : `${(value / 3_600).toFixed(1)} h`;
}
