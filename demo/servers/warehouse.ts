import { engine } from '../../collectors/bigquery/index.ts';
import { type BigQueryDouble, startBigQueryDouble } from '../../tests/support/bigquery/double.ts';
import { targets } from '../agent-config.ts';
import type { Cast } from '../cast.ts';
import { addJobs, usdPerTiB } from './warehouse-jobs.ts';

/** The BigQuery of the demo: NOT BigQuery, but a double of its API, in the demo's own process. */
export interface Warehouse {
  readonly double: BigQueryDouble;
  readonly cast: Cast;
}

/** Of a month, in US dollars: more than the invented jobs cost. */
const budgetUsd = 1_000;

export async function startWarehouse(keep: (resource: AsyncDisposable) => void): Promise<Warehouse> {
  const double = await startBigQueryDouble({ projects: ['double-warehouse'], regions: ['us'] });
  keep(double);
  double.inventory.addDataset({ name: 'sales' });
  double.inventory.addTable({
    dataset: 'sales',
    name: 'orders',
    activeLogicalBytes: 2e12,
    activePhysicalBytes: 5e11,
  });
  addJobs(double.inventory, Date.now());
  return { double, cast: castOf(double) };
}

function castOf(double: BigQueryDouble): Cast {
  return {
    engine: engine.id,
    title: engine.title,
    double: 'not Google, but a server of ours that evaluates the queries over made-up jobs',
    targets: [targets.warehouse],
    config: `  - id: ${targets.warehouse}
    engine: bigquery
    project: ${double.project}
    regions: [${double.region}]
    endpoint: ${double.url}       # real life: leave it out
    credentials: { file: secrets/WAREHOUSE_CREDENTIALS }   # real life: leave it out where the machine has an identity
    interval: 5s                       # real life: 1m, the default; what costs money is read every 15m at most, here too
    labels: { environment: demo }
    objectives: { bigquery_spend_usd: { max: ${budgetUsd} } }   # the month's budget; there is no default
    pricing: { onDemandUsdPerTiB: ${usdPerTiB}, freeTiBPerMonth: 0 }   # the free TiB is used up elsewhere
`,
    secrets: { WAREHOUSE_CREDENTIALS: JSON.stringify(double.serviceAccount()) },
    addresses: [],
  };
}
