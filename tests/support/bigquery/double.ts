import { createServer, type ServerResponse } from 'node:http';
import { listenOnLoopback, stopListening } from '../net/http-listening.ts';
import { ApiError, errorBody } from './api-error.ts';
import { datasetRoutes } from './dataset-routes.ts';
import { Estate } from './estate.ts';
import { Faults } from './faults.ts';
import { handle, type RecordedRequest } from './http-double.ts';
import { Inventory } from './inventory.ts';
import { jobRoutes } from './job-routes.ts';
import { QueryService, type QuerySteering } from './query-jobs.ts';
import { type QuotaState, quotaRoutes } from './quota-routes.ts';
import { type ExternalAccountFile, type ServiceAccountKey, TokenEndpoint } from './token-endpoint.ts';
import { UserTables } from './user-tables.ts';

export interface BigQueryDoubleOptions {
  /** The first is home. Default `double-project`: the name says what it is. */
  readonly projects?: readonly string[];
  /** The first is home. Default `us` and `eu`. */
  readonly regions?: readonly string[];
  readonly port?: number;
  /** What the double takes for the time: of its jobs, tokens and CURRENT_TIMESTAMP. Default the system clock. */
  readonly nowMs?: () => number;
  /** Default true. Without it, who brings no token is `anonymous@double.test`. */
  readonly requiresToken?: boolean;
}

/** All a test can turn while the double runs. */
export interface Steering extends QuerySteering {
  maximumRowsPerPage: number;
  /** How long the answer about a job that still runs is held back. */
  pollHoldMs: number;
}

/**
 * A double of the BigQuery REST surfaces. Not BigQuery: what it answers comes from rows that the test put in, by an evaluator of ours for
 * a part of GoogleSQL. See README.md.
 */
export interface BigQueryDouble extends AsyncDisposable {
  /** For the client's `apiEndpoint`. */
  readonly url: string;
  readonly tokenUrl: string;
  readonly port: number;
  /** The home project. */
  readonly project: string;
  readonly region: string;
  readonly estate: Estate;
  readonly inventory: Inventory;
  /** Tables with rows, for what acts. */
  readonly tables: UserTables;
  /** The custom daily quota of a project, in MiB. */
  quotaOf(project: string): QuotaState;
  /** What a login may do to tables, from now on; everything unless said. */
  permit(caller: string, permissions: readonly string[]): void;
  /** Row access policies by `dataset.table`. */
  readonly rowPolicies: Map<string, readonly string[]>;
  readonly queries: QueryService;
  readonly tokens: TokenEndpoint;
  readonly faults: Faults;
  readonly steering: Steering;
  /** All requests so far, tokens left out. */
  readonly requests: readonly RecordedRequest[];
  /** The caller lacks an IAM permission, in one project or in all; answers a function that gives it back. */
  deny(permission: string, project?: string): () => void;
  /** A new service account with its key; its `token_uri` is the double's. */
  serviceAccount(email?: string): ServiceAccountKey;
  /** Workload identity: a file that the client reads as it is and that leads it to the double's token endpoint. */
  workloadIdentity(
    subjectTokenFile: string,
    email?: string,
  ): { readonly file: ExternalAccountFile; readonly subjectToken: string };
  close(): Promise<void>;
}

/** Starts it in this process on 127.0.0.1. */
export async function startBigQueryDouble(options: BigQueryDoubleOptions = {}): Promise<BigQueryDouble> {
  const { projects = ['double-project'], regions = ['us', 'eu'], nowMs = Date.now } = options;
  const [project = 'double-project'] = projects;
  const [region = 'us'] = regions;
  const estate = new Estate(projects, regions);
  const denied = new Set<string>();
  const isDenied = (permission: string, where: string): boolean =>
    denied.has(permission) || denied.has(`${permission} ${where}`);
  const steering: Steering = {
    pendingPolls: 0,
    bytesProcessed: undefined,
    jobError: undefined,
    reservation: undefined,
    maximumRowsPerPage: 10_000,
    pollHoldMs: 20,
  };
  const tables = new UserTables(estate, { project, region }, nowMs);
  const permitted = new Map<string, ReadonlySet<string>>();
  const rowPolicies = new Map<string, readonly string[]>();
  const quotas = new Map<string, QuotaState>();
  const quotaOf = (of: string): QuotaState => {
    const known = quotas.get(of) ?? { overrideMiB: undefined, defaultMiB: 209_715_200 };
    quotas.set(of, known);
    return known;
  };
  const queries = new QueryService({ estate, tables, steering, nowMs, isDenied });
  const tokens = new TokenEndpoint(nowMs);
  const faults = new Faults();
  const requests: RecordedRequest[] = [];
  const routes = [
    ...jobRoutes({ queries, estate, steering, isDenied }),
    ...datasetRoutes({
      estate,
      tables,
      isDenied,
      rowPolicies,
      permissionsOf: (caller) => permitted.get(caller),
    }),
    ...quotaRoutes(quotaOf, isDenied),
  ];
  const requiresToken = options.requiresToken ?? true;
  const server = createServer((request, response) => {
    const context = {
      routes,
      faults,
      tokens,
      requests,
      requiresToken,
      anonymousCaller: 'anonymous@double.test',
    };
    handle(request, response, context).catch((error: unknown) => fail(response, error));
  });
  const port = await listenOnLoopback(server, options.port);
  const url = `http://127.0.0.1:${port}`;
  const close = (): Promise<void> => stopListening(server);
  return {
    url,
    tokenUrl: `${url}/token`,
    port,
    project,
    region,
    estate,
    inventory: new Inventory(estate, { project, region }),
    tables,
    quotaOf,
    permit: (caller, permissions) => void permitted.set(caller, new Set(permissions)),
    rowPolicies,
    queries,
    tokens,
    faults,
    steering,
    requests,
    deny(permission, where) {
      const key = where === undefined ? permission : `${permission} ${where}`;
      denied.add(key);
      return () => denied.delete(key);
    },
    serviceAccount: (email = `reeve@${project}.iam.double.test`) =>
      tokens.createAccount(project, email, `${url}/token`),
    workloadIdentity: (file, email = `reeve@${project}.iam.double.test`) =>
      tokens.createFederation(email, `${url}/token`, file),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A mistake of the double itself, said aloud. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const message = `the BigQuery double failed: ${String(error)}`;
  const failure = error instanceof ApiError ? error : new ApiError(500, 'doubleFailed', message);
  response
    .writeHead(failure.status, { 'content-type': 'application/json' })
    .end(JSON.stringify(errorBody(failure)));
}
