import type { CollectorInput } from '../../src/sdk.ts';
import type { MongodbOptions } from './config.ts';
import type { Deployment } from './deployment.ts';
import type { MongodbGroup } from './groups.ts';
import type { MongodbContext } from './metrics.ts';

/** Reads one group of a whole deployment; what fails for one member goes through `context.attempt(member.name, …)`. */
export type Reader = (deployment: Deployment, context: MongodbContext) => Promise<void>;

/** Makes the readers of some groups; what they remember between readings lives in their closures. */
export type Readers = (
  input: CollectorInput<MongodbOptions>,
) => Readonly<Partial<Record<MongodbGroup, Reader>>>;
