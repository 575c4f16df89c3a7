import type { Collector, CollectorInput, ServerIdentity } from '../../src/sdk.ts';
import type { CosmosdbOptions } from './config.ts';
import type { CosmosdbGroup } from './groups.ts';
import type { CosmosdbContext, CosmosdbMetrics } from './metrics.ts';
import type { Plane } from './plane.ts';

/** Makes the collector of one account; connects to nothing yet. */
export async function createCosmosdbCollector(
  input: CollectorInput<CosmosdbOptions>,
): Promise<Collector<CosmosdbMetrics, CosmosdbGroup>> {
  return new CosmosdbCollector(await createPlane(input));
}

/** Each plane brings its own library, and the other is not loaded. */
async function createPlane(input: CollectorInput<CosmosdbOptions>): Promise<Plane> {
  const { account, resourceId } = input.options;
  if (account !== undefined || resourceId !== undefined) {
    return (await import('./control-plane.ts')).createControlPlane(input);
  }
  return (await import('./data-plane.ts')).createDataPlane(input);
}

class CosmosdbCollector implements Collector<CosmosdbMetrics, CosmosdbGroup> {
  readonly #plane: Plane;

  constructor(plane: Plane) {
    this.#plane = plane;
  }

  async open(signal: AbortSignal): Promise<ServerIdentity> {
    return (await this.#plane.open(signal)).identity;
  }

  async read(group: CosmosdbGroup, context: CosmosdbContext): Promise<void> {
    await this.#plane.readers[group]?.(context);
  }

  check(signal: AbortSignal): ReturnType<Plane['check']> {
    return this.#plane.check(signal);
  }

  assumptions(signal: AbortSignal): ReturnType<Plane['assumptions']> {
    return this.#plane.assumptions(signal);
  }

  async close(): Promise<void> {
    this.#plane.close();
  }
}
