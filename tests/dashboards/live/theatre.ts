import { chmod } from 'node:fs/promises';
import { openTheatre, type Theatre } from '../../../demo/theatre.ts';
import { runCatalog } from '../../../demo/workload/catalog.ts';
import { runShop } from '../../../demo/workload/shop.ts';
import { runWarehouse } from '../../../demo/workload/warehouse.ts';
import { type PrometheusServer, startPrometheus } from '../../support/prometheus/server.ts';
import { createTempDir } from '../../support/temp-dir.ts';

/** The demo's databases under its workload, the agent that watches them, and a Prometheus that scrapes it every second. */
export interface WatchedTheatre extends AsyncDisposable {
  readonly prometheus: PrometheusServer;
  readonly theatre: Theatre;
  /** Ids of the targets. */
  readonly targets: readonly string[];
}

/** @throws {Error} when something does not start; what did is stopped. */
export async function startWatchedTheatre(): Promise<WatchedTheatre> {
  const things = new AsyncDisposableStack();
  try {
    const folder = things.use(await createTempDir('dashboards'));
    await chmod(folder.path, 0o755); // the account that the servers run as has to come through
    const ending = new AbortController();
    const theatre = await openTheatre({
      folder: folder.path,
      keep: (resource) => void things.use(resource),
      say: () => undefined,
      signal: ending.signal,
    });
    const work = [runShop, runCatalog, runWarehouse].map((run) => run(theatre, ending.signal));
    // A workload that ends early leaves queries empty, which is what is tested.
    const ended = Promise.allSettled(work);
    things.defer(async () => {
      ending.abort();
      await ended;
    });
    const { host } = new URL(theatre.agent.url);
    const prometheus = things.use(await startPrometheus({ jobs: [{ addresses: [host] }] }));
    return {
      prometheus,
      theatre,
      targets: theatre.casts.flatMap(({ targets }) => targets),
      [Symbol.asyncDispose]: () => things.disposeAsync(),
    };
  } catch (error) {
    await things.disposeAsync();
    throw error;
  }
}
