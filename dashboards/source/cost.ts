import type { Expressions } from '../../src/catalogue/expressions.ts';
import { agentStarts, breaches } from './annotations.ts';
import { bigqueryCost } from './cost-bigquery.ts';
import { cosmosdbCost } from './cost-cosmosdb.ts';
import { storageCost } from './cost-storage.ts';
import { expandPanel } from './expand.ts';
import type { DashboardPlan, PlannedPanel } from './plan.ts';
import { engineVariable, targetVariable } from './variables.ts';

const on = 'job=~"$job",engine=~"$engine",target=~"$target"';

interface CostSection {
  readonly title: string;
  /** Left out where no engine has a metric with this key. */
  readonly needs: string;
  readonly panels: readonly PlannedPanel[];
}

/** What the databases cost: money, throughput that is paid for, and space. */
export function costPlan(expressions: Expressions, keys: ReadonlySet<string>): DashboardPlan {
  const built = sections.filter(({ needs }) => keys.has(needs));
  return {
    name: 'reeve-cost',
    title: 'Reeve: cost',
    description:
      'BigQuery spend against its budget, Cosmos DB throughput that is paid for and not used, and growth of storage.',
    variables: [engineVariable, targetVariable('engine=~"$engine"')],
    annotations: [breaches(on), agentStarts],
    rows: built.map(({ title, panels }) => ({
      title,
      panels: panels.map((panel) => expandPanel(panel, { expressions, on })),
    })),
  };
}

const sections: readonly CostSection[] = [
  { title: 'BigQuery', needs: 'spendUsd', panels: bigqueryCost },
  { title: 'Cosmos DB', needs: 'provisionedPerSecond', panels: cosmosdbCost },
  { title: 'Storage', needs: 'storageBytes', panels: storageCost },
];
