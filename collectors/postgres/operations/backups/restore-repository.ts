import { join } from 'node:path';
import { BackupError } from './chain.ts';
import { findStrayLink, settle } from './cluster-files.ts';
import { quoteShell } from './quote-shell.ts';
import { type RepositoryChain, repositoryOf } from './repositories.ts';
import type { Restored, RestoreRequest } from './restore.ts';
import { findServer, recover } from './restore-base.ts';
import { runOrFail } from './run-tool.ts';
import { makePrivate } from './scratch-place.ts';
import { findOtherTool } from './tools.ts';

/** Restores a backup that another tool keeps, by that tool; recovery is ours, so that nothing of production's configuration is used. */
export async function restoreFromRepository(
  request: RestoreRequest,
  chain: RepositoryChain,
): Promise<Restored> {
  const { place, journal, tools, backup, signal } = request;
  const repository = repositoryOf(chain);
  const program = await findOtherTool(tools, repository.tool);
  for (const name of ['data', 'lock', 'tablespaces'])
    await makePrivate(join(place.folder, name), place.account);
  const args = repository.restore(backup.found.name, place.folder);
  await journal.step(
    'fetch the backup',
    [repository.tool, ...args].map(quoteShell).join(' ').replaceAll(place.folder, '<folder>'),
    () =>
      runOrFail({ program, args, cwd: place.folder, drill: place.folder, account: place.account, signal }),
  );
  const stray = await findStrayLink(place.data);
  if (stray !== undefined) throw new BackupError(`refused: ${stray}, outside of the drill's folder`);
  const postgres = await findServer(request, place.data);
  await settle(place);
  const restoreCommand = repository.restoreCommand(program, place.folder);
  const shown = `restore_command='${repository.restoreCommand(repository.tool, '<folder>')}' `;
  return recover(request, { postgres, restoreCommand, shown, notes: [], needsNetwork: true });
}
