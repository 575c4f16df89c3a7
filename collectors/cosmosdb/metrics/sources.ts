/** What metrics have in common by where they come from; spread into the tables. */

const metricsReference =
  'https://learn.microsoft.com/azure/cosmos-db/monitor-reference#supported-metrics-for-microsoftdocumentdbdatabaseaccounts';

const database = 'The database; empty for what belongs to none, such as reads of the account itself.';
const container =
  'The container (collection, table, graph); empty for the database as a whole, and for throughput that its containers share.';
const region = 'The region, as Azure writes it: West Europe.';

/** `database`, `container` and `region`. */
export const byRegion = { database, container, region } as const;
/** `database` and `container`. */
export const byContainer = { database, container } as const;
export const regionLabel = region;

/** From Azure Monitor; control plane only. */
export const monitorGauge = {
  kind: 'gauge',
  docs: metricsReference,
  since: '2015-04-08',
  cost: 'one read of Azure Monitor for all containers',
  stability: 'stable',
} as const;

/** From the account itself. */
export const accountGauge = {
  kind: 'gauge',
  unit: 'none',
  group: 'availability',
  docs: 'https://learn.microsoft.com/rest/api/cosmos-db-resource-provider/database-accounts/get',
  since: '2015-04-08',
  cost: 'one read of the account a collection, shared by all',
  stability: 'stable',
} as const;

/** From throughput settings (control plane) or offers (data plane). */
export const throughputGauge = {
  kind: 'gauge',
  unit: 'none',
  group: 'throughput',
  docs: 'https://learn.microsoft.com/rest/api/cosmos-db-resource-provider/sql-resources/get-sql-container-throughput',
  since: '2015-04-08',
  cost: 'control plane: one read a database and container; data plane: one query over offers',
  stability: 'stable',
} as const;
