import { engine } from '../../collectors/postgres/index.ts';
import { remediationGrants } from '../../collectors/postgres/operations/role-check.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { targets } from '../agent-config.ts';
import type { Cast } from '../cast.ts';
import { createBilling } from './billing-schema.ts';
import { fillIn, makePassword } from './logins.ts';

/** The PostgreSQL that Reeve may change, and the development server on which it tries each change first: another cluster. */
export interface BillingServers {
  readonly production: PostgresServer;
  readonly development: PostgresServer;
  readonly cast: Cast;
  /** For the application, and for whoever wants to look around with psql. */
  readonly applicationUrl: string;
}

/** Of the rows in production. A rehearsal says nothing with less than a tenth. */
const developmentShare = 0.5;

/** How long an index must be seen unused here. */
const unusedAfter = '3s';

/** One process a statement, so that reading the whole table is slow on every machine. */
const settings = {
  shared_buffers: '32MB',
  track_io_timing: 'on',
  max_parallel_workers_per_gather: '0',
} as const;
const durable = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' } as const;

interface Started {
  readonly server: PostgresServer;
  readonly url: (login: Login) => string;
}

/** Owner and application; collects and can change nothing; acts. */
const logins = ['billing', 'reeve', 'reeve_remediation'] as const;
type Login = (typeof logins)[number];

export async function startBilling(
  keep: (resource: AsyncDisposable) => void,
  signal: AbortSignal,
): Promise<BillingServers> {
  const start = (name: string, share: number): Promise<Started> => startServer({ name, share, keep, signal });
  const starting = [start('billing', 1), start('billing-dev', developmentShare)] as const;
  // Waits for both also when one fails: what the other has started meanwhile is kept, too.
  await Promise.allSettled(starting);
  const [production, development] = await Promise.all(starting);
  const applicationUrl = production.url('billing');
  return {
    production: production.server,
    development: development.server,
    applicationUrl,
    cast: castOf(production, development),
  };
}

async function startServer(input: {
  readonly name: string;
  readonly share: number;
  readonly keep: (resource: AsyncDisposable) => void;
  readonly signal: AbortSignal;
}): Promise<Started> {
  const { name, share, keep, signal } = input;
  const passwords: Readonly<Record<Login, string>> = {
    billing: makePassword(),
    reeve: makePassword(),
    reeve_remediation: makePassword(),
  };
  const server = await startPostgres({ major: 18, name, password: makePassword(), settings, signal });
  keep(server);
  await createBilling(server, { password: passwords.billing, share, signal });
  const common = { database: 'billing', schema: 'public', 'owner of the tables': 'billing' };
  const grants = [
    ...engine.grants.statements.map((each) => fillIn(each, { ...common, password: passwords.reeve })),
    ...remediationGrants('billing').map((each) =>
      fillIn(each, { ...common, password: passwords.reeve_remediation }),
    ),
  ];
  for (const grant of grants) await server.query(grant, 'billing');
  for (const [setting, value] of Object.entries(durable))
    await server.query(`ALTER SYSTEM SET ${setting} = ${value}`);
  await server.query('SELECT pg_reload_conf()');
  return { server, url: (login) => server.url('billing', login, passwords[login]) };
}

function castOf(production: Started, development: Started): Cast {
  return {
    engine: engine.id,
    title: `${engine.title} 18 that Reeve may change, and a development server to try it on`,
    targets: [targets.billing, targets.billingDev],
    config,
    secrets: {
      BILLING_URL: production.url('reeve'),
      BILLING_REMEDIATION_URL: production.url('reeve_remediation'),
      BILLING_DEV_URL: development.url('reeve'),
      BILLING_DEV_REMEDIATION_URL: development.url('reeve_remediation'),
    },
    addresses: [{ name: 'billing', url: production.url('billing') }],
  };
}

const config = `  - id: ${targets.billing}
    engine: postgres
    url: { file: secrets/BILLING_URL }          # collects, and is unable to change anything
    interval: 1s                       # real life: 15s, the default
    workload: oltp
    labels: { environment: demo }
    unusedAfter: ${unusedAfter}                    # real life: 100d, the default; every plan says that it is shorter
    membersComplete: true              # this server is the whole cluster
    objectives: { oltp_query_seconds: { max: 2ms, window: 2s, minimumSamples: 20 } }   # real life: what its users need, over 5m
    remediation:
      mode: approve                    # nothing is changed before a person approved exactly that plan
      rehearsal: ${targets.billingDev}
      credentials: { file: secrets/BILLING_REMEDIATION_URL }   # acts: the rights of the tables' owner, and no others
    groups:                            # real life: leave it out
      indexes: { every: 1s }
      statements: { every: 1s }
      top_statements: { every: 1s }

  - id: ${targets.billingDev}
    engine: postgres
    url: { file: secrets/BILLING_DEV_URL }
    interval: 15s
    labels: { environment: development }
    membersComplete: true
    remediation: { credentials: { file: secrets/BILLING_DEV_REMEDIATION_URL } }   # for rehearsals; its mode stays observe
`;
