import { engine } from '../../collectors/bigquery/index.ts';
import { fillDouble } from '../../collectors/bigquery/testing/fill-double.ts';
import { type BigQueryDouble, startBigQueryDouble } from '../support/bigquery/double.ts';
import { startTcpProxy, type TcpProxy } from '../support/net/tcp-proxy.ts';
import type { Deployment, EngineHarness, TargetText } from './harness.ts';

/** A double of BigQuery, which cannot run here; it evaluates our SQL over made-up rows. */

export const harness: EngineHarness = {
  engine,
  start: async () => {
    const double = await startBigQueryDouble({ projects: ['double-shop'], regions: ['us', 'eu'] });
    fillDouble(double, Date.now());
    double.inventory.addDataset({ name: 'backups' });
    double.tables.add({
      dataset: 'backups',
      name: 'orders__20261101T000000',
      kind: 'SNAPSHOT',
      columns: [['id', 'INT64']],
      rows: [{ id: 1 }],
      base: { dataset: 'sales', name: 'orders', atMs: Date.now() - 3_600_000 },
    });
    // Stands before the double to count the connections of the agent.
    const front = await startTcpProxy({ targetPort: double.port });
    return createDeployment(double, front);
  },
  version: '2',
  unreachable: {},
};

function createDeployment(double: BigQueryDouble, front: TcpProxy): Deployment {
  const key = double.serviceAccount();
  const at = (port: number, credentials: object = key): TargetText => ({
    target: {
      project: double.project,
      regions: [...double.estate.regions],
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { env: 'CONTRACT_KEY' },
      jobLabels: ['team'],
      backups: { nightly: { kind: 'snapshot', dataset: 'backups' } },
    },
    env: { CONTRACT_KEY: JSON.stringify(credentials) },
  });
  return {
    port: double.port,
    targets: [at(front.port)],
    through: (port) => at(port),
    withPassword: (canary) =>
      at(double.port, { ...key, private_key: `-----BEGIN PRIVATE KEY-----\n${canary}\n` }),
    work: async () => {
      const created = Date.now() - 2_000;
      double.inventory.addJob({
        creation_time: new Date(created),
        start_time: new Date(created + 100),
        end_time: new Date(created + 1_000),
        total_bytes_billed: 1024 ** 3,
      });
    },
    // The service as a whole does not restart; a new front end that knows no token is as near as it comes.
    restart: async () => {
      double.tokens.revokeAll();
      await front.set({ kind: 'refuse' });
      await front.set({ kind: 'pass' });
    },
    denyOne: async () => {
      double.deny('bigquery.jobs.listAll');
      return {
        unknown: [
          'reeve_bigquery_spend_usd',
          'reeve_bigquery_running_jobs',
          'reeve_bigquery_job_p95_seconds',
        ],
      };
    },
    agentConnections: async () => front.openConnections,
    [Symbol.asyncDispose]: async () => {
      await front.close();
      await double.close();
    },
  };
}
