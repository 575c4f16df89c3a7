import {
  type ActOutcome,
  CollectError,
  messageOf,
  type OperationsInput,
  type TargetIdentity,
  toCollectError,
} from '../../../src/sdk.ts';
import { type Connection, connect, PreparedStatements } from '../client.ts';
import type { PostgresOptions } from '../config.ts';
import { ActRefused } from './act-refused.ts';
import { type ActingSession, identifyLogin, withActingSession } from './acting-client.ts';
import { assertIdentity, identityRow, identitySql, targetIdentity } from './identity.ts';
import { definitionSettings } from './session-settings.ts';

export type PostgresOperationsInput = OperationsInput<PostgresOptions>;

/** What a plan is for, as the session that acts must find it. */
export interface PlannedPlace {
  readonly identity: TargetIdentity;
  readonly database: string;
  readonly databaseOid: string;
}

export interface ActRequest {
  readonly sessionName: string;
  /** Undefined only for a rehearsal, which acts on another server than the plan is for. */
  readonly place: PlannedPlace | undefined;
  readonly database: string;
  readonly waitForLockMs: number;
  readonly signal: AbortSignal;
}

/** The two ways to one target's server. Connections live as long as the call. */
export interface Access {
  readonly input: PostgresOperationsInput;
  /** By the collecting login: read-only, bounded, definitions schema-qualified. The URL's database unless another is named. */
  reading<T>(
    database: string | undefined,
    signal: AbortSignal,
    body: (connection: Connection) => Promise<T>,
  ): Promise<T>;
  /**
   * By the login that acts, under the lock, on the server and database that the plan is for.
   *
   * @throws {ActRefused} when it is another one, or nothing may act.
   */
  acting<T>(request: ActRequest, body: (session: ActingSession) => Promise<T>): Promise<T>;
  /** By the login that acts, or by the collecting one where there is none. */
  identify(signal: AbortSignal): Promise<TargetIdentity>;
}

export function createAccess(input: PostgresOperationsInput): Access {
  const { options, applicationName, clock, credentials, policy } = input;
  const reading: Access['reading'] = async (database, signal, body) => {
    const connection = await connect({
      url: options.url,
      ...(database === undefined ? {} : { database }),
      applicationName,
      lockTimeoutMs: options.lockTimeout,
      signal,
      statements: new PreparedStatements(),
      settings: [`statement_timeout=${options.statementTimeout}`, ...definitionSettings],
    });
    try {
      return await body(connection);
    } finally {
      await connection.close();
    }
  };
  return {
    input,
    reading,
    acting: async ({ sessionName, place, database, waitForLockMs, signal }, body) => {
      if (credentials === undefined) throw noCredentials(input.target.id);
      const session = { url: credentials, database, sessionName, lockTimeoutMs: policy.lockTimeoutMs };
      return withActingSession({ ...session, waitForLockMs, clock, signal }, async (found) => {
        if (place !== undefined) assertIdentity(place, found.identity);
        return body(found);
      });
    },
    identify: async (signal) => {
      if (credentials !== undefined) {
        const login = { url: credentials, sessionName: applicationName, lockTimeoutMs: policy.lockTimeoutMs };
        return identifyLogin({ ...login, waitForLockMs: 0, clock, signal });
      }
      return reading(undefined, signal, (connection) => identityOfConnection(connection, signal));
    },
  };
}

export async function identityOfConnection(
  connection: Connection,
  signal: AbortSignal,
): Promise<TargetIdentity> {
  const [identity] = await connection.query(identitySql, identityRow, signal);
  if (identity === undefined) throw new CollectError('malformed', 'the server did not describe itself');
  return targetIdentity(identity);
}

/** What an act comes to when it could not even begin: nothing was done. Whatever happens inside of an act says more. */
export function notBegun(thrown: unknown): ActOutcome {
  if (thrown instanceof ActRefused) {
    const result = thrown.refusal.id === 'locked_by_reeve' ? 'gave_up' : 'refused';
    return { result, detail: thrown.message };
  }
  return { result: 'failed', detail: `nothing was done: ${messageOf(toCollectError(thrown))}` };
}

function noCredentials(target: string): ActRefused {
  return new ActRefused(
    'no_credentials',
    `target ${JSON.stringify(target)} has no login that acts: create one with the statements that "reeve check" prints, and set remediation.credentials.`,
  );
}
