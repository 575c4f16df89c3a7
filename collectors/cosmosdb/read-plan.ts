import type { Target } from '../../src/sdk.ts';
import { type CosmosdbGroup, cosmosdbGroups } from './groups.ts';

/** What an account makes Azure Resource Manager answer. */
export interface AccountSize {
  readonly regions: number;
  readonly databases: number;
  readonly containers: number;
}

/** Reads that one reading of each group takes. */
const readsOf: Readonly<Record<CosmosdbGroup, (size: AccountSize) => number>> = {
  availability: () => 1,
  consumption: () => 4,
  latency: () => 2,
  replication: ({ regions }) => (regions > 1 ? 1 : 0),
  throughput: ({ databases, containers }) => 1 + 2 * databases + containers,
  partitions: () => 1,
  storage: () => 1,
  service_level: () => 1,
  backups: () => 0,
};

/** Reads that watching an account takes in an hour, at the cadences of this target. */
export function readsAnHour(
  { intervalMs, groups }: Pick<Target, 'intervalMs' | 'groups'>,
  size: AccountSize,
): number {
  const names = Object.keys(cosmosdbGroups).filter(isGroup);
  return names.reduce((sum, name) => {
    const { enabled = true, everyMs } = groups[name] ?? {};
    const isNeeded = enabled || name === 'availability';
    const cadenceMs = Math.max(intervalMs, everyMs ?? cosmosdbGroups[name].everyMs);
    return isNeeded ? sum + Math.ceil((readsOf[name](size) * 3_600_000) / cadenceMs) : sum;
  }, 0);
}

function isGroup(name: string): name is CosmosdbGroup {
  return name in cosmosdbGroups;
}
