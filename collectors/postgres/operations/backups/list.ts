import { messageOf } from '../../../../src/sdk.ts';
import type { PostgresOptions } from '../../config.ts';
import { BackupError, type Chain, type LocatedBackup, mostBackups } from './chain.ts';
import { listBaseBackups } from './list-base-backups.ts';
import { listDumps } from './list-dumps.ts';
import { repositoryOf } from './repositories.ts';
import { runOrFail } from './run-tool.ts';
import { findOtherTool, type ToolPlaces } from './tools.ts';

export type BackupSettings = Pick<PostgresOptions, 'backups' | 'binaries' | 'drillDeadline'>;

/** Where the programs are that a target's chains need. */
export function toolPlaces(settings: BackupSettings): ToolPlaces {
  return { binaries: settings.binaries };
}

/**
 * The backups of one chain, newest first. Reads files and catalogues only.
 *
 * @throws {BackupError} when the chain cannot be looked at.
 */
export async function listChain(
  name: string,
  chain: Chain,
  places: ToolPlaces,
  signal: AbortSignal,
): Promise<readonly LocatedBackup[]> {
  try {
    if (chain.kind === 'pg_dump') return await listDumps(name, chain);
    if (chain.kind === 'base_backup') return await listBaseBackups(name, chain, signal);
    const repository = repositoryOf(chain);
    const program = await findOtherTool(places, repository.tool);
    const output = await runOrFail({ program, args: repository.list, cwd: '/', signal });
    const found = repository.parse(output, name).toSorted((a, b) => b.takenAt - a.takenAt);
    return found.slice(0, mostBackups).map((each) => ({ found: each, path: undefined }));
  } catch (cause) {
    signal.throwIfAborted();
    throw new BackupError(`backups of chain ${name} (${chain.kind}): ${messageOf(cause)}`, { cause });
  }
}

/** Folders of this machine in which chains are kept. */
export function placesOf(settings: BackupSettings): readonly string[] {
  return Object.values(settings.backups).flatMap((chain) => {
    switch (chain.kind) {
      case 'pg_dump':
        // A pattern's folder; of a single file, the file itself is enough to keep away from.
        return [chain.path.includes('*') ? chain.path.slice(0, chain.path.lastIndexOf('/')) : chain.path];
      case 'base_backup':
        return [chain.path, ...(chain.wal === undefined ? [] : [chain.wal])];
      default:
        return [];
    }
  });
}
