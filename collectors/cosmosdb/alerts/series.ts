import type { TestSeries } from '../../../src/sdk.ts';

/** One series of the target in the tests of rules, in promtool's notation at one-minute steps. */
export function series(key: string, values: string, labels = ''): TestSeries {
  return { series: `$${key}{target="shop",engine="cosmosdb"${labels === '' ? '' : `,${labels}`}}`, values };
}

export const container = 'database="shop",container="orders"';
export const placed = `${container},region="West Europe"`;

/** Names of the alert's container in texts of alerts. */
export const where =
  '{{ $labels.database }}{{ with $labels.container }}/{{ . }}{{ end }}{{ with $labels.region }} in {{ . }}{{ end }} ({{ $labels.target }})';

/** Where the account is; what stands in angle brackets is to be filled in. */
const account = '--account-name <account> --resource-group <group>';
export const resource =
  '/subscriptions/<subscription>/resourceGroups/<group>/providers/Microsoft.DocumentDB/databaseAccounts/<account>';

/** The throughput of one container as the command line of Azure shows it; in alerts, of the container that it names. */
export const showThroughput = `az cosmosdb sql container throughput show ${account} --database-name '{{ $labels.database }}' --name '{{ $labels.container }}'`;
/** The same in a runbook. */
export const showThatThroughput = `\`az cosmosdb sql container throughput show ${account} --database-name <database> --name <container>\` (throughput that containers share: \`az cosmosdb sql database throughput show ${account} --name <database>\`)`;
export const raiseThroughput = `\`az cosmosdb sql container throughput update ${account} --database-name <database> --name <container> --throughput <RU/s>\` (autoscale: \`--max-throughput <RU/s>\`)`;

/** Requests that were refused, by operation, as Azure counted them in the last hour. */
export const refusedByOperation = `az monitor metrics list --resource ${resource} --metric TotalRequests --aggregation Count --interval PT1M --filter "StatusCode eq '429' and CollectionName eq '*' and OperationType eq '*'" --output table`;
/** How busy each partition was. */
export const busyPartitions = `az monitor metrics list --resource ${resource} --metric NormalizedRUConsumption --aggregation Maximum --interval PT5M --filter "CollectionName eq '<container>' and PartitionKeyRangeId eq '*'" --output table`;

const manual = 'https://learn.microsoft.com/azure/cosmos-db/';
/** Pages of the manual. */
export function pages(...names: readonly string[]): readonly string[] {
  return names.map((name) => `${manual}${name}`);
}
