import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DebianProgram,
  debianPrograms,
  installDebianPackages,
  requireProgram,
} from '../support/debian.ts';
import { root, runQuietly } from './command.ts';
import type { Step } from './step.ts';

/** What the tests start and do not bring along. */
const programs: readonly DebianProgram[] = [
  'redis-server',
  'redis-cli',
  'prometheus',
  'promtool',
  'prometheus-alertmanager',
  'amtool',
  'openssl',
  'pg_restore',
  'pgbackrest',
];

const lockFile = join(root, 'tests/package-lock.json');
const installedMark = join(root, 'tests/node_modules/.installed-lock');

/** What a bare machine lacks; each is done once. */
export const preparations: readonly Step[] = [
  {
    name: 'PostgreSQL servers (npm ci --prefix tests)',
    skipped: () => (isInstalled() ? 'installed' : undefined),
    run: async () => {
      await runQuietly('npm', ['ci', '--prefix', 'tests', '--no-audit', '--no-fund']);
      writeFileSync(installedMark, lockDigest());
    },
  },
  {
    name: `Debian programs (${programs.join(', ')})`,
    skipped: () => (missingPackages().length === 0 ? 'installed' : undefined),
    run: async () => {
      const outcome = await installDebianPackages(missingPackages());
      if (outcome.kind === 'impossible') throw new Error(`install what the tests need: ${outcome.command}`);
      if (missingPackages().length > 0) throw new Error(`still missing: ${missingPackages().join(', ')}`);
    },
  },
];

function isInstalled(): boolean {
  return existsSync(installedMark) && readFileSync(installedMark, 'utf8') === lockDigest();
}

function lockDigest(): string {
  return createHash('sha256').update(readFileSync(lockFile)).digest('hex');
}

function missingPackages(): string[] {
  const missing = programs.filter((name) => requireProgram(name).path === undefined);
  return [...new Set(missing.map((name) => debianPrograms[name]))];
}
