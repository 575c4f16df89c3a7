import { type DebianProgram, programPath } from '../../tests/support/debian.ts';
import { findFreePort } from '../../tests/support/net/free-port.ts';
import { spawnServer } from '../../tests/support/server-process.ts';
import { createTempDir } from '../../tests/support/temp-dir.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';
import { createScraper, type Scraper } from './scrape.ts';

/** A running program that answers scrapes about a database: Reeve, or an exporter it is compared with. */
export interface Agent extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly scraper: Scraper;
  /** What it has logged as error, and how often. */
  errors(): Promise<readonly string[]>;
}

export interface ExporterOptions {
  readonly name: string;
  readonly program: DebianProgram;
  /** Without the address to listen on. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Starts one of Debian's exporters and waits for its first page. */
export async function startExporter({ name, program, args, env }: ExporterOptions): Promise<Agent> {
  const folder = await createTempDir('exporter');
  const port = await findFreePort();
  const child = await spawnServer({
    command: programPath(program),
    args: [`--web.listen-address=127.0.0.1:${port}`, ...args],
    cwd: folder.path,
    logFile: `${folder.path}/log`,
    env,
  });
  const scraper = createScraper(`http://127.0.0.1:${port}/metrics`);
  await waitUntil(`${program} to answer`, async () => (await scraper.scrape('gzip')).bytes > 0, {
    timeoutMs: 60_000,
  });
  return {
    name,
    pid: child.pid,
    scraper,
    errors: async () => (await child.logTail()).split('\n').filter((line) => /level="?error/i.test(line)),
    async [Symbol.asyncDispose]() {
      scraper[Symbol.dispose]();
      await child.stop();
      await folder.remove();
    },
  };
}
