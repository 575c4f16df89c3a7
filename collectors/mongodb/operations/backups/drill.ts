import { readdir } from 'node:fs/promises';
import type { BackupFound, DrillContext, DrillReport, DrillRequest, DrillStep } from '../../../../src/sdk.ts';
import { messageOf } from '../../../../src/sdk.ts';
import { DumpError } from '../../backups/byte-reader.ts';
import type { DumpContents } from '../../backups/dump-contents.ts';
import { findProgram, missingText } from '../../backups/find-program.ts';
import { type BackupLister, describeDump } from '../../backups/list-backups.ts';
import { type LocatedDump, locateDumps } from '../../backups/locate.ts';
import type { MongodbOperationsInput } from '../input.ts';
import { restoreDump } from './restore-dump.ts';
import { endScratchProcesses } from './scratch-processes.ts';
import { ScratchError, type ScratchServer, startScratch } from './scratch-server.ts';
import { verifyRestore } from './verify-restore.ts';

/** What a drill came to so far; a report is made of it wherever it ends. */
interface Progress {
  readonly steps: DrillStep[];
  backup: BackupFound | undefined;
  checks: DrillReport['checks'];
  recoveryMs: number | undefined;
  place: string;
}

interface Drill {
  readonly input: MongodbOperationsInput;
  readonly lister: BackupLister;
  readonly request: DrillRequest;
  readonly context: DrillContext;
  readonly progress: Progress;
}

/** What is wrong with a backup or a tool: the drill has failed, and nothing else has. */
class DrillFailure extends Error {
  override readonly name = 'DrillFailure';
}

const nowhere = 'nowhere: it did not come so far';

/** Restores a dump into a mongod of the drill's own and compares it with the dump. */
export async function drillDump(
  input: MongodbOperationsInput,
  lister: BackupLister,
  request: DrillRequest,
  context: DrillContext,
): Promise<DrillReport> {
  const progress: Progress = {
    steps: [],
    backup: undefined,
    checks: [],
    recoveryMs: undefined,
    place: nowhere,
  };
  const startedAt = input.clock.now();
  const drill: Drill = { input, lister, request, context, progress };
  try {
    await work(drill);
    const failed = progress.checks.filter(({ verdict }) => verdict === 'failed');
    const text =
      failed.length === 0
        ? `${name(progress)} was restored in ${progress.recoveryMs ?? 0} ms and holds what the dump holds, by ${progress.checks.length} checks`
        : `${name(progress)} was restored, and ${failed.length} of ${progress.checks.length} checks failed, first ${failed[0]?.name}: ${failed[0]?.detail}. Do not rely on this backup: take another one now and drill it`;
    return report(drill, startedAt, failed.length === 0 ? 'verified' : 'failed', text);
  } catch (thrown) {
    context.signal.throwIfAborted();
    const known = [DrillFailure, ScratchError, DumpError].some((kind) => thrown instanceof kind);
    const text = `${name(progress)} was not restored: ${known ? messageOf(thrown) : `unexpected: ${messageOf(thrown)}`}`;
    return report(drill, startedAt, 'failed', text);
  } finally {
    await endScratchProcesses(context.folder);
  }
}

function name({ backup }: Progress): string {
  return backup === undefined ? 'no backup' : `backup ${backup.name} of chain ${backup.chain}`;
}

function report(
  { progress }: Drill,
  startedAt: number,
  verdict: DrillReport['verdict'],
  text: string,
): DrillReport {
  const { backup, steps, checks, recoveryMs, place } = progress;
  const figures = {
    checks: checks.length,
    checksNotDone: checks.filter(({ verdict: each }) => each === 'not_done').length,
    restoredBytes: backup?.restoredBytes ?? null,
  };
  return {
    verdict,
    text,
    backup,
    subjects: backup?.databases ?? [],
    steps,
    checks,
    recoveryMs,
    lossMs: backup === undefined ? undefined : Math.max(0, startedAt - backup.recoverableUntil),
    place,
    figures,
  };
}

async function work(drill: Drill): Promise<void> {
  const { input, context, progress } = drill;
  const { folder, signal, onStep } = context;
  if ((await readdir(folder)).length > 0)
    throw new DrillFailure(`refused: ${folder} is not empty, so it could be somebody's data`);
  onStep('read');
  const { dump, contents, restoreWithin } = await choose(drill);
  const programs = await findPrograms(input);
  const began = input.clock.monotonicMs();
  onStep('restore');
  const server = await timed(drill, 'start a server of its own', async () => {
    const { clock, conceal } = input;
    const started = await startScratch(programs.mongod, folder, { signal, clock, conceal });
    return {
      value: started,
      command: started.command,
      detail: `mongod ${started.version} on loopback, its own data folder; nothing expires until it is verified, then start it with a configuration of your own`,
    };
  });
  try {
    progress.place = `a mongod ${server.version} that this drill started: its process and its data folder inside the drill's own were asked from the server itself; on 127.0.0.1 only, with access control, in no replica set`;
    await timed(drill, 'restore', async () => {
      const limitMs = restoreWithin;
      const { until } = drill.request;
      const about = {
        program: programs.mongorestore,
        dump,
        contents,
        folder,
        uri: server.uri,
        until,
        limitMs,
      };
      const { problem, ...told } = await restoreDump(about, signal);
      if (problem !== undefined) throw new DrillFailure(problem);
      return { value: undefined, ...told };
    });
    onStep('verify');
    progress.checks = await verify(drill, server, contents);
    progress.recoveryMs = Math.round(input.clock.monotonicMs() - began);
  } finally {
    await server.client.close(true).catch(() => undefined);
  }
}

async function verify(
  drill: Drill,
  { client }: ScratchServer,
  contents: DumpContents,
): Promise<DrillReport['checks']> {
  return timed(drill, 'verify', async () => {
    const value = await verifyRestore({ client, contents, signal: drill.context.signal });
    const detail = `${value.length} checks: documents, indexes, samples and validate of each collection`;
    return {
      value,
      command:
        "mongosh --eval 'db.getCollectionNames().forEach((c) => print(c, db[c].countDocuments({}), db[c].validate().valid))' '<connection string>'",
      detail,
    };
  });
}

async function timed<T>(
  { input: { clock }, progress }: Drill,
  step: string,
  run: () => Promise<{ readonly value: T; readonly command: string; readonly detail: string }>,
): Promise<T> {
  const began = clock.monotonicMs();
  const { value, command, detail } = await run();
  const durationMs = Math.round(clock.monotonicMs() - began);
  progress.steps.push({ name: step, command, durationMs, detail });
  return value;
}

async function findPrograms(input: MongodbOperationsInput) {
  const { binaries } = input.options;
  const mongod = await findProgram('mongod', binaries);
  if (mongod === undefined) throw new DrillFailure(missingText('mongod', binaries));
  const mongorestore = await findProgram('mongorestore', binaries);
  if (mongorestore === undefined) throw new DrillFailure(missingText('mongorestore', binaries));
  return { mongod, mongorestore };
}

interface Chosen {
  readonly dump: LocatedDump;
  readonly contents: DumpContents;
  readonly restoreWithin: number;
}

/** The one that was asked for, or the newest that is whole; read from end to end before anything is started. */
async function choose(drill: Drill): Promise<Chosen> {
  const { lister, request, context, progress } = drill;
  const found = await newestBackup(drill);
  progress.backup = found;
  const chain = lister.input.chains[found.chain];
  if (chain?.kind !== 'mongodump')
    throw new DrillFailure(
      `chain ${found.chain} is of ${found.kind}: only its own agents can restore it (pbm restore, on a deployment made for it)`,
    );
  const dump = (await locateDumps(chain.path)).find((each) => each.name === found.name);
  if (dump === undefined) throw new DrillFailure('it is gone: a retention job was faster');
  const contents = await timed(drill, 'read the backup', async () => {
    const value = await lister.read(dump, context.signal);
    return { value, command: '', detail: `${dump.bytes} bytes on disk, ${value.restoredBytes} unzipped` };
  });
  progress.backup = describeDump(found.chain, dump, contents);
  if (contents.problems.length > 0)
    throw new DrillFailure(
      `it is damaged: ${contents.problems.slice(0, 5).join('; ')}. Take another one now; an older one may be whole`,
    );
  refuseTime(request.until, contents, progress.backup);
  return { dump, contents, restoreWithin: chain.restoreWithin };
}

function refuseTime(until: number | undefined, { oplog }: DumpContents, backup: BackupFound): void {
  if (until === undefined) return;
  const iso = (at: number): string => new Date(at).toISOString();
  if (oplog === undefined)
    throw new DrillFailure(`it cannot be restored to ${iso(until)}: there is no oplog in it`);
  if (until > backup.recoverableUntil)
    throw new DrillFailure(
      `it cannot be restored to ${iso(until)}: its oplog ends at ${iso(backup.recoverableUntil)}`,
    );
}

async function newestBackup({ lister, request, context }: Drill): Promise<BackupFound> {
  const listings = await lister.list(context.signal);
  const wanted = listings.filter(({ chain }) => request.chain === undefined || chain === request.chain);
  if (wanted.length === 0)
    throw new DrillFailure(
      `there is no chain ${request.chain ?? ''} in the target's backups (${lister.chains.join(', ')})`,
    );
  const problems = wanted.flatMap((listing) => ('problem' in listing ? [listing.problem] : []));
  const all = wanted
    .flatMap((listing) => ('backups' in listing ? listing.backups : []))
    .filter(({ name: each }) => request.backup === undefined || each === request.backup)
    // Others can only be drilled where they were asked for by name.
    .filter(({ kind }) => kind === 'mongodump' || request.chain !== undefined)
    .toSorted((one, other) => other.takenAt - one.takenAt);
  const best = all.find(({ health }) => health !== 'damaged') ?? all[0];
  if (best !== undefined) return best;
  const asked = request.backup === undefined ? 'no backup' : `no backup ${request.backup}`;
  throw new DrillFailure(
    [`there is ${asked} in ${wanted.map(({ chain }) => chain).join(', ')}`, ...problems].join('; '),
  );
}
