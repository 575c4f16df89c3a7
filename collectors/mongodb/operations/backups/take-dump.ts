import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupFound, OperationContext, Refusal } from '../../../../src/sdk.ts';
import { findProgram, missingText } from '../../backups/find-program.ts';
import { type BackupLister, describeDump } from '../../backups/list-backups.ts';
import { locateDumps } from '../../backups/locate.ts';
import { runProgram } from '../../backups/run-program.ts';
import type { MongodbOperationsInput } from '../input.ts';
import type { Place } from '../place.ts';

const role = `db.getSiblingDB('admin').grantRolesToUser('<login>', [{ role: 'backup', db: 'admin' }])`;

/**
 * Dumps all databases now, by the login that acts, into a chain of mongodump; what is there only in part never looks like a backup. Not
 * retained yet: restoring it proves the way, and not that backups are kept.
 */
export async function takeDump(
  { input, reading }: Place,
  lister: BackupLister,
  asked: string | undefined,
  { signal, runId }: OperationContext,
): Promise<BackupFound | Refusal> {
  const place = await placeOf(lister, asked);
  if ('text' in place) return place;
  const { credentials, options } = input;
  if (credentials === undefined)
    return refuse(
      `target "${input.target.id}" has no remediation.credentials: a dump is taken by the login that acts, with the role backup: ${role}`,
    );
  const program = await findProgram('mongodump', options.binaries);
  if (program === undefined) return refuse(missingText('mongodump', options.binaries));
  const { kind } = await reading.discover(signal);
  const name = new Date(input.clock.now()).toISOString().replaceAll(':', '-').replace(/\.\d+/, '');
  const partial = join(place.path, `${name}.partial`);
  const config = join(input.scratch, `mongodump-${runId}.yaml`);
  await mkdir(input.scratch, { recursive: true, mode: 0o700 });
  try {
    await writeFile(config, `uri: ${JSON.stringify(credentials.reveal())}\n`, { mode: 0o600 });
    const args = [
      '--config',
      config,
      ...(kind === 'replica_set' ? ['--oplog'] : []),
      '--gzip',
      '--out',
      partial,
    ];
    const { code, endedBy, stderr } = await runProgram(program, args, { signal, limitMs: place.limitMs });
    if (code !== 0) return refuse(failure(code, endedBy, stderr, kind === 'sharded'));
    await rename(partial, join(place.path, name));
  } finally {
    await rm(config, { force: true });
    await rm(partial, { recursive: true, force: true });
  }
  return found(input, lister, { ...place, name }, signal);
}

interface ChainPlace {
  readonly chain: string;
  readonly path: string;
  readonly limitMs: number;
}

async function placeOf(lister: BackupLister, asked: string | undefined): Promise<ChainPlace | Refusal> {
  const chains = Object.entries(lister.input.chains).filter(
    ([chain]) => asked === undefined || chain === asked,
  );
  for (const [chain, about] of chains) {
    if (about.kind !== 'mongodump') continue;
    const isFolder = (await stat(about.path).catch(() => undefined))?.isDirectory() === true;
    if (!isFolder)
      return refuse(`${about.path} of chain ${chain} is no folder: there is no place for another dump`);
    return { chain, path: about.path, limitMs: about.restoreWithin };
  }
  return refuse(
    `there is no chain of mongodump${asked === undefined ? '' : ` named ${asked}`}: what another tool makes, that tool makes now`,
  );
}

function failure(
  code: number | undefined,
  endedBy: string | undefined,
  stderr: string,
  isSharded: boolean,
): string {
  const said = stderr
    .trim()
    .split('\n')
    .at(-1)
    ?.replaceAll(/mongodb(\+srv)?:\/\/\S+/g, 'mongodb://…')
    .slice(0, 400);
  const hint = isSharded
    ? '; through mongos a dump is no point in time either: prefer Percona Backup for MongoDB'
    : '';
  return `mongodump ended with ${code ?? endedBy ?? 'nothing'}: ${said ?? ''}; it needs the role backup: ${role}${hint}`;
}

async function found(
  { clock }: MongodbOperationsInput,
  lister: BackupLister,
  { chain, path, name }: ChainPlace & { readonly name: string },
  signal: AbortSignal,
): Promise<BackupFound | Refusal> {
  const dump = (await locateDumps(path)).find((each) => each.name === name);
  if (dump === undefined) return refuse(`mongodump ended well and there is no dump in ${join(path, name)}`);
  const backup = describeDump(chain, dump, await lister.read(dump, signal));
  return {
    ...backup,
    isRetained: false,
    detail: `${backup.detail}; taken at ${new Date(clock.now()).toISOString()}`,
  };
}

function refuse(text: string): Refusal {
  return { id: 'backup_taken', text };
}
