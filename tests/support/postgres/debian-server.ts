import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unprivilegedAccount } from '../account.ts';
import { createTempDir } from '../temp-dir.ts';
import { initialise } from './data-directory.ts';
import type { Installation } from './installation.ts';
import { launch, type PostgresServer } from './server.ts';

/** What Debian's own PostgreSQL 15 has and the npm packages have not. */
type DebianExtension = 'hypopg';

const root = '/usr/lib/postgresql/15';

/** Why a test with this extension cannot run here, with the command that changes it; undefined when it can. */
export function missingFromDebian(extension: DebianExtension): string | undefined {
  const isServer = existsSync(join(root, 'bin', 'postgres'));
  const isThere = existsSync(`/usr/share/postgresql/15/extension/${extension}.control`);
  if (isServer && isThere) return undefined;
  return `${extension} is not installed: sudo apt-get install --no-install-recommends postgresql-15 postgresql-15-${extension}`;
}

/** Debian's server on 127.0.0.1 in a temporary folder, as `startPostgres` starts those of npm. */
export async function startDebianPostgres(): Promise<PostgresServer> {
  const account = unprivilegedAccount('postgres');
  const installation: Installation = {
    major: 15,
    version: 'debian',
    root,
    binDirectory: join(root, 'bin'),
    account,
  };
  const folder = await createTempDir('postgres-debian', account);
  try {
    const dataDirectory = join(folder.path, 'data');
    await initialise(installation, dataDirectory, []);
    const settings = {
      shared_buffers: '32MB',
      dynamic_shared_memory_type: 'mmap',
      shared_preload_libraries: 'pg_stat_statements',
      fsync: 'off',
    };
    return await launch({
      installation,
      folder,
      dataDirectory,
      settings,
      password: undefined,
      signal: undefined,
    });
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
