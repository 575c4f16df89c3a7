import type { Assumption, CheckItem } from '../../src/sdk.ts';
import type { AccountFacts } from './account.ts';
import type { CosmosdbGroup } from './groups.ts';
import type { CosmosdbContext } from './metrics.ts';

/** A way to an account: through Azure Resource Manager and Monitor, or through its own endpoint. */
export interface Plane {
  /** Reads the account; what the groups need of it is kept. */
  open(signal: AbortSignal): Promise<AccountFacts>;
  /** By group; the groups that are not here are unknown on this plane. */
  readonly readers: Readonly<
    Partial<Record<CosmosdbGroup, (context: CosmosdbContext) => Promise<void> | void>>
  >;
  check(signal: AbortSignal): Promise<readonly (CheckItem & { readonly groups: readonly CosmosdbGroup[] })[]>;
  assumptions(signal: AbortSignal): Promise<readonly Assumption[]>;
  close(): void;
}
