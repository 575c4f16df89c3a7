/**
 * Doubles of what cannot run here, in a process of their own. Not MongoDB, not Azure, not BigQuery: `tests/support` says what each is.
 *
 *     node double.program.ts mongodb 250 FILE
 *
 * Writes the description of so many targets to FILE (see `doubles.ts`) and ends at SIGTERM.
 */
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import type { AccountOptions } from '../../tests/support/azure/account-model.ts';
import { startAzure } from '../../tests/support/azure/azure.ts';
import { startBigQueryDouble } from '../../tests/support/bigquery/double.ts';
import { syntheticJobs } from '../../tests/support/bigquery/synthetic-jobs.ts';
import { startReplicaSet, startStandalone } from '../../tests/support/mongod/deployment.ts';
import { startWorkload } from '../../tests/support/mongod/workload.ts';
import type { DoubleDescription } from './doubles.ts';

/** One of this many is a replica set of three members, the others stand alone. */
const replicaSetEvery = 10;
/** Accounts that share a subscription, and with it its 12,000 reads an hour. */
const accountsPerSubscription = 10;

const starters: Readonly<
  Record<string, (count: number, stack: AsyncDisposableStack) => Promise<DoubleDescription>>
> = { mongodb: startMongo, cosmosdb: startCosmos, bigquery: startBigQuery };

const [kind = '', count = '1', file = ''] = process.argv.slice(2);
const start = starters[kind];
if (start === undefined) throw new Error(`the double is one of ${Object.keys(starters).join(', ')}`);
await using stack = new AsyncDisposableStack();
// Written elsewhere first: whoever waits for it reads all or nothing.
writeFileSync(`${file}.part`, JSON.stringify(await start(Number(count), stack)));
renameSync(`${file}.part`, file);
await once(process, 'SIGTERM');

/** A deployment for each target: ten collections of three indexes, a login, and a little work that moves the counters. */
async function startMongo(count: number, stack: AsyncDisposableStack): Promise<DoubleDescription> {
  const collection = {
    documents: 100,
    indexes: [{ key: { customer: 1 } }, { key: { customer: 1, day: 1 } }],
  };
  const options = {
    users: { reeve: { password: 'double', roles: ['clusterMonitor', 'read@local'] } },
    databases: {
      shop: Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`collection_${at}`, collection])),
    },
  };
  const targets: Readonly<Record<string, unknown>>[] = [];
  const env: Record<string, string> = {};
  const ports: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const isSet = index % replicaSetEvery === replicaSetEvery - 1;
    const deployment = stack.use(await (isSet ? startReplicaSet(options) : startStandalone(options)));
    stack.use(startWorkload(deployment, { operationsPerSecond: 20 }));
    env[`MONGODB_${index}`] = deployment.uri;
    ports.push(...deployment.nodes.map(({ address }) => portOf(`tcp://${address}`)));
    targets.push({ id: `mongodb-${index}`, engine: 'mongodb', url: { env: `MONGODB_${index}` } });
  }
  return { targets, env, ports };
}

/** An account for each target: one database of three containers. */
async function startCosmos(count: number, stack: AsyncDisposableStack): Promise<DoubleDescription> {
  const accounts = Array.from({ length: count }, (_, index): AccountOptions => {
    const subscription = String(Math.floor(index / accountsPerSubscription)).padStart(12, '0');
    return {
      name: `double-account-${index}`,
      subscription: `00000000-0000-4000-8000-${subscription}`,
      databases: [{ name: 'shop', containers: ['orders', 'carts', 'prices'].map(container) }],
    };
  });
  const azure = stack.use(await startAzure({ accounts }));
  const { url, caFile, registration } = azure;
  const targets = azure.accounts.map(({ subscription, resourceGroup, name }, index) => ({
    id: `cosmosdb-${index}`,
    engine: 'cosmosdb',
    account: { subscription, resourceGroup, name },
    ca: caFile,
    identity: {
      clientSecret: {
        tenant: registration.tenant,
        clientId: registration.clientId,
        secret: { env: 'COSMOSDB_SECRET' },
      },
    },
    endpoints: { arm: url, authority: url },
  }));
  const env = { COSMOSDB_SECRET: registration.secret };
  return { targets, env, ports: [azure.port] };
}

function container(name: string): NonNullable<AccountOptions['databases']>[number]['containers'][number] {
  return {
    name,
    throughput: { kind: 'manual', requestUnits: 1_000 },
    load: { requestUnitsPerSecond: 400, requestsPerSecond: 40 },
  };
}

/** A project for each target, all on one server, each with a month of a few jobs a day. */
async function startBigQuery(count: number, stack: AsyncDisposableStack): Promise<DoubleDescription> {
  const projects = Array.from({ length: count }, (_, index) => `double-project-${index}`);
  const double = stack.use(await startBigQueryDouble({ projects, regions: ['us'] }));
  const to = new Date();
  const from = new Date(to.getTime() - 35 * 86_400_000);
  for (const [seed, project] of projects.entries()) {
    double.inventory.addJobs(syntheticJobs({ from, to, seed, project, region: 'us', jobsPerDay: 10 }));
  }
  const key = JSON.stringify(double.serviceAccount());
  const targets = projects.map((project, index) => ({
    id: `bigquery-${index}`,
    engine: 'bigquery',
    project,
    regions: ['us'],
    endpoint: double.url,
    credentials: { env: 'BIGQUERY_KEY' },
  }));
  return { targets, env: { BIGQUERY_KEY: key }, ports: [double.port] };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
