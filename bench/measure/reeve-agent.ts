import { existsSync, readdirSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { findFreePort } from '../../tests/support/net/free-port.ts';
import { spawnReeve } from '../../tests/support/process.ts';
import { createTempDir } from '../../tests/support/temp-dir.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';
import type { Agent } from './agent.ts';
import { createScraper } from './scrape.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface ReeveOptions {
  readonly name: string;
  /** As in reeve.yaml, without `metrics` and `store`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** Until every target was tried once. Default 60,000. */
  readonly readyMs?: number;
}

/** Starts `reeve run` with a store of its own and waits until every target was tried once. */
export async function startReeve({ name, config, env, readyMs = 60_000 }: ReeveOptions): Promise<Agent> {
  const folder = await createTempDir('bench-reeve');
  const port = await findFreePort();
  const file = join(folder.path, 'reeve.yaml');
  await writeFile(
    file,
    stringify({ metrics: { listen: `127.0.0.1:${port}` }, store: { path: './data' }, ...config }),
  );
  const reeve = await spawnReeve(['run', '-c', file], { cwd: folder.path, env, entry: reeveEntry().path });
  const scraper = createScraper(`http://127.0.0.1:${port}/metrics`);
  const running = new AbortController();
  void reeve.exit.finally(() => running.abort());
  const agent: Agent = {
    name,
    pid: reeve.pid,
    scraper,
    errors: async () =>
      reeve.stderr.split('\n').filter((line) => /"level":(50|60|"error"|"fatal")/.test(line)),
    async [Symbol.asyncDispose]() {
      scraper[Symbol.dispose]();
      reeve.signal('SIGTERM');
      const timer = setTimeout(() => reeve.signal('SIGKILL'), 15_000);
      await reeve.exit;
      clearTimeout(timer);
      await folder.remove();
    },
  };
  try {
    await waitUntil(
      'Reeve to be ready',
      async () => running.signal.aborted || (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
      { timeoutMs: readyMs, everyMs: 100 },
    );
    if (running.signal.aborted) throw new Error(`Reeve exited:\n${reeve.stderr}`);
  } catch (error) {
    await agent[Symbol.asyncDispose]();
    throw new Error(`Reeve does not become ready:\n${reeve.stderr.slice(-4_000)}`, { cause: error });
  }
  return agent;
}

/**
 * The compiled program as operators run it, where a build exists that is newer than every source; the sources otherwise. The environment
 * variable REEVE_ENTRY names another program, such as a build to compare with.
 */
export function reeveEntry(): { readonly path: string; readonly description: string } {
  const given = process.env['REEVE_ENTRY'];
  if (given !== undefined) return { path: given, description: 'a build of its own (REEVE_ENTRY)' };
  const built = join(root, 'dist', 'src', 'main.js');
  if (existsSync(built) && statSync(built).mtimeMs > newestSourceMs()) {
    return { path: built, description: 'compiled (`node dist/src/main.js run`)' };
  }
  return { path: join(root, 'src', 'main.ts'), description: 'from the sources (`node src/main.ts run`)' };
}

function newestSourceMs(): number {
  const times = ['src', 'collectors'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
  return Math.max(...times);
}
