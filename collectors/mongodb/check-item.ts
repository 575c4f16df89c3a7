import type { CheckItem } from '../../src/sdk.ts';
import type { MongodbGroup } from './groups.ts';

export type MongodbCheckItem = CheckItem & { readonly groups: readonly MongodbGroup[] };

/** What a check knows beside the deployment. */
export interface CheckInput {
  /** The login; undefined without one. */
  readonly username: string | undefined;
  readonly exclude: readonly string[];
  readonly signal: AbortSignal;
}
