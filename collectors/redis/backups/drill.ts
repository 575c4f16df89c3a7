import { freemem } from 'node:os';
import { join } from 'node:path';
import {
  type BackupFound,
  type DrillCheck,
  type DrillContext,
  type DrillReport,
  type DrillRequest,
  type DrillStep,
  messageOf,
} from '../../../src/sdk.ts';
import type { BackupChain } from '../config.ts';
import type { Connection } from '../connection.ts';
import { type RedisOperationsInput, withMembers } from '../operations/place.ts';
import { copyBackup, folderFault } from './prepare-copy.ts';
import { findPrograms, type Programs } from './program.ts';
import { checkRdb } from './rdb-file.ts';
import { type ScratchServer, socketFault, startScratch } from './scratch-server.ts';
import { verifyRestored } from './verify-restored.ts';

/** What stops a drill before or while it restores; its text is the report's. */
class DrillFault extends Error {
  override readonly name = 'DrillFault';
}

interface Drill {
  readonly input: RedisOperationsInput;
  readonly context: DrillContext;
  readonly backup: BackupFound;
  readonly chain: BackupChain;
  readonly steps: DrillStep[];
  readonly checks: DrillCheck[];
  readonly beganAt: number;
}

export interface Choice {
  readonly backups: readonly BackupFound[];
  readonly problems: readonly { readonly chain: string; readonly text: string }[];
}

/** Restores one backup into a server of its own, which ends with the call. Rejects only when it is aborted. */
export async function drillBackup(
  input: RedisOperationsInput,
  request: DrillRequest,
  { backups, problems }: Choice,
  context: DrillContext,
): Promise<DrillReport> {
  const beganAt = input.clock.now();
  const backup = choose(backups, request);
  const chain = backup === undefined ? undefined : input.options.backups[backup.chain];
  if (backup === undefined || chain === undefined)
    return failed(undefined, [], [], missing(request, problems));
  const drill: Drill = { input, context, backup, chain, steps: [], checks: [], beganAt };
  if (request.until !== undefined)
    return failed(backup, [], [], 'Redis restores whole files, never to a point in time: leave out the time');
  try {
    return await restore(drill);
  } catch (thrown) {
    context.signal.throwIfAborted();
    return failed(
      backup,
      drill.steps,
      drill.checks,
      `${backup.name} of chain ${backup.chain}: ${messageOf(thrown)}`,
    );
  }
}

async function restore(drill: Drill): Promise<DrillReport> {
  const { input, context, backup, chain, checks } = drill;
  const { folder, signal } = context;
  const programs = await findPrograms(input.options.redisServer, signal);
  if (typeof programs === 'string') throw new DrillFault(programs);
  const fault = (await folderFault(folder)) ?? socketFault(folder);
  if (fault !== undefined) throw new DrillFault(fault);
  const startMs = input.clock.monotonicMs();
  const copy = await step(drill, 'copy', copyCommand(chain, backup), () =>
    copyBackup(chain, backup, folder, signal),
  );
  if (copy.rdb !== undefined) await checkCopy(drill, copy.rdb);
  const server = await step(drill, 'restore', restoreCommand(chain), () =>
    start(drill, programs, copy.loads),
  );
  try {
    const verified = await step(drill, 'verify', 'redis-cli INFO keyspace', async () => {
      await proveScratch(drill, server);
      return withTarget(drill, (target) =>
        verifyRestored({ server, copy, checker: programs.checkRdb, target, signal }),
      );
    });
    checks.push(...verified.checks);
    const recoveryMs = input.clock.monotonicMs() - startMs;
    const bad = checks.filter(({ verdict }) => verdict === 'failed');
    if (bad.length > 0) throw new DrillFault(bad.map(({ name, detail }) => `${name}: ${detail}`).join('; '));
    return verifiedReport(drill, programs, { ...verified, recoveryMs });
  } finally {
    await server.stop();
  }
}

/** The checksum of the copy: what is loaded is what was kept. */
async function checkCopy({ checks, context }: Drill, rdb: string): Promise<void> {
  const { health, detail, head } = await checkRdb(rdb, 'checksum', context.signal);
  const verdict = health === 'damaged' ? 'failed' : health === 'ok' ? 'passed' : 'not_done';
  checks.push({ name: 'checksum of the file', verdict, detail });
  if (health === 'damaged') throw new DrillFault(detail);
  const needed = Number(head?.notes.get('used-mem'));
  const free = freemem();
  if (Number.isFinite(needed) && needed * 1.2 > free)
    throw new DrillFault(
      `the server had ${needed} bytes in memory when it was made, and this machine has ${free} free: drill on one with more`,
    );
}

function start(
  { input, context }: Drill,
  programs: Programs,
  loads: readonly string[],
): Promise<ScratchServer> {
  const { clock, conceal } = input;
  context.onStep('restore');
  const { folder, signal } = context;
  return startScratch({ program: programs.server, folder, loads, clock, signal, conceal });
}

/** By what the server says of itself, never by a name: our own process, alone, without a port. */
async function proveScratch({ context }: Drill, server: ScratchServer): Promise<void> {
  context.onStep('verify');
  const info = await server.info();
  const faults = [
    info.number('process_id') === server.pid
      ? ''
      : `its pid is ${info.text('process_id') ?? 'not known'}, not ${server.pid}`,
    info.number('tcp_port') === 0 ? '' : `it listens on port ${info.text('tcp_port') ?? ''}`,
    info.text('role') === 'master' ? '' : 'it is a replica',
    info.number('connected_slaves') === 0 ? '' : 'it has replicas',
    info.number('cluster_enabled') === 1 ? 'it is a node of a cluster' : '',
  ].filter((fault) => fault !== '');
  if (faults.length > 0)
    throw new DrillFault(
      `what answers on the socket is not the scratch server (${faults.join(', ')}): nothing was compared`,
    );
}

/** A drill is for the day the target is gone: without it one check is not done, no more. */
async function withTarget<T>(
  { input, context }: Drill,
  use: (target: Connection | string) => Promise<T>,
): Promise<T> {
  let given: { readonly value: T } | undefined;
  try {
    return await withMembers(input, context.signal, async ([primary]) => {
      given = { value: await use(primary?.connection ?? 'the target has no server') };
      return given.value;
    });
  } catch (thrown) {
    context.signal.throwIfAborted();
    if (given !== undefined) throw thrown;
    return use(`the target does not answer: ${messageOf(thrown)}`);
  }
}

async function step<T>(
  { input, steps }: Drill,
  name: string,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  const startMs = input.clock.monotonicMs();
  const note = (detail: string): void =>
    void steps.push({ name, command, durationMs: input.clock.monotonicMs() - startMs, detail });
  try {
    const value = await work();
    note('done');
    return value;
  } catch (thrown) {
    note(`failed: ${messageOf(thrown)}`);
    throw thrown;
  }
}

function copyCommand(chain: BackupChain, { name }: BackupFound): string {
  return chain.kind === 'rdb'
    ? `install -o redis -g redis -m 640 ${join(chain.path, name)} <dir of the server>/dump.rdb`
    : `cp -a ${chain.path} <dir of the server>/`;
}

function restoreCommand({ kind }: BackupChain): string {
  return kind === 'rdb'
    ? 'redis-server <redis.conf> --appendonly no   # with appendonly yes it would load the append-only file instead; turn it on again by CONFIG SET once it runs'
    : 'redis-server <redis.conf> --appendonly yes --aof-load-truncated yes';
}

interface Came {
  readonly keys: number;
  readonly databases: number;
  readonly recoveryMs: number;
}

function verifiedReport(
  { backup, checks, steps, context, beganAt }: Drill,
  { version }: Programs,
  { keys, databases, recoveryMs }: Came,
): DrillReport {
  const lossMs = Math.max(0, beganAt - backup.recoverableUntil);
  const counts = backup.isRetained
    ? ''
    : "; it lies in the server's own folder and is no retained backup, so it counts for nothing";
  return {
    verdict: 'verified',
    text: `${backup.name} of chain ${backup.chain} was restored in ${Math.round(recoveryMs)} ms: ${keys} keys in ${databases} database${databases === 1 ? '' : 's'}; data up to ${new Date(backup.recoverableUntil).toISOString()}${counts}`,
    backup,
    subjects: [''],
    steps,
    checks,
    recoveryMs,
    lossMs,
    place: `redis-server ${version} on a socket in ${context.folder}, without a port, replicas or a primary: the process that the drill started, by its pid`,
    figures: { keys, databases, bytes: backup.bytes },
  };
}

function failed(
  backup: BackupFound | undefined,
  steps: readonly DrillStep[],
  checks: readonly DrillCheck[],
  text: string,
): DrillReport {
  return {
    verdict: 'failed',
    text,
    backup,
    subjects: [''],
    steps,
    checks,
    recoveryMs: undefined,
    lossMs: undefined,
    place: '',
    figures: {},
  };
}

/** The one that was asked for; otherwise the newest that is not damaged, and a damaged one where there is no other, so that the drill says so. */
function choose(backups: readonly BackupFound[], { chain, backup }: DrillRequest): BackupFound | undefined {
  const own = backups.filter(
    (each) => (chain === undefined || each.chain === chain) && (backup === undefined || each.name === backup),
  );
  const healthy = own.filter(({ health }) => health !== 'damaged');
  return healthy.find(({ isRetained }) => isRetained) ?? healthy[0] ?? own[0];
}

function missing({ chain, backup }: DrillRequest, problems: Choice['problems']): string {
  const rest = problems.map(({ text }) => `; ${text}`).join('');
  if (backup !== undefined)
    return `there is no backup ${backup}${chain === undefined ? '' : ` in chain ${chain}`}${rest}`;
  return `there is no backup to restore${chain === undefined ? '' : ` in chain ${chain}`}: see backups of the target${rest}`;
}
