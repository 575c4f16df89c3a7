import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readMemoryMiB } from '../measure/process-usage.ts';
import { createScraper, type Encoding, type Scraper } from '../measure/scrape.ts';
import type { ExportRequest, Handled, Watched } from './messages.ts';
import { handledSchema, readySchema, watchedSchema } from './messages.ts';

export type SubjectName = 'reeve' | 'prom-client';

/** The program under test, in a process of its own. */
export interface SubjectProcess extends AsyncDisposable {
  readonly scraper: Scraper;
  handle(encoding: Encoding, calls: number): Promise<Handled>;
  /** Watches the event loop while `work` goes on and snapshots are replaced. */
  watch(
    how: { readonly cycleMs?: number; readonly atOnce: boolean },
    work: () => Promise<void>,
  ): Promise<Watched>;
  memoryMiB(): Promise<{ readonly now: number; readonly peak: number }>;
}

export async function startSubject(name: SubjectName): Promise<SubjectProcess> {
  const child = fork(new URL('./subject.program.ts', import.meta.url), [name], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const receive = async (): Promise<unknown> => {
    const first = await Promise.race([
      once(child, 'message').then(([message]: unknown[]) => ({ message })),
      exited.then(() => undefined),
    ]);
    if (first === undefined) throw new Error(`the process of ${name} ended early`);
    return first.message;
  };
  const ask = async (request: ExportRequest): Promise<unknown> => {
    child.send(request);
    return receive();
  };
  const { port } = readySchema.parse(await receive());
  const scraper = createScraper(`http://127.0.0.1:${port}/metrics`);
  return {
    scraper,
    handle: async (encoding, calls) => handledSchema.parse(await ask({ kind: 'handle', encoding, calls })),
    async watch(how, work) {
      await ask({ kind: 'watch', ...how });
      await work();
      return watchedSchema.parse(await ask({ kind: 'unwatch' }));
    },
    memoryMiB: () => readMemoryMiB(child.pid ?? 0),
    async [Symbol.asyncDispose]() {
      scraper[Symbol.dispose]();
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
