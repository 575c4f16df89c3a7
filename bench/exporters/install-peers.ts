import { installDebianPackages, requireProgram } from '../../tests/support/debian.ts';
import { runCommand } from '../../tests/support/run-command.ts';

const peers = ['prometheus-postgres-exporter', 'prometheus-redis-exporter', 'redis-server'] as const;

/**
 * Installs Debian's exporters and redis-server where they are missing.
 *
 * @throws {Error} with the command for a human when that is not possible.
 */
export async function installPeers(): Promise<void> {
  const missing = peers.filter((name) => requireProgram(name).path === undefined);
  if (missing.length === 0) return;
  const outcome = await installDebianPackages(missing);
  if (outcome.kind === 'impossible')
    throw new Error(`this benchmark needs ${missing.join(', ')}: ${outcome.command}`);
}

/** As Debian numbers them. */
export async function readPeerVersions(): Promise<Readonly<Record<string, string>>> {
  const versions = await Promise.all(
    peers.map(async (name) => {
      const { stdout } = await runCommand('dpkg-query', ['--show', '--showformat=${Version}', name]);
      return [name, stdout.trim()] as const;
    }),
  );
  return Object.fromEntries(versions);
}
