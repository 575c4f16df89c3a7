import type { DetailRow } from '../../../src/sdk.ts';
import type { BigqueryClient } from '../bigquery-api.ts';
import { createBillingCalendar } from '../billing-calendar.ts';
import { createBigqueryClient } from '../client.ts';
import { OwnSpend } from '../own-spend.ts';
import type { ParameterValue, Query, Scope } from '../queries/query.ts';
import { createQueryRunner, type Rows } from '../query-runner.ts';
import type { BigqueryOperationsInput } from './input.ts';
import { createRestSession, type RestSession, readingScopes } from './rest-session.ts';
import { createWarehouseApi, type WarehouseApi } from './warehouse-api.ts';

/** What is read, always by the collecting login: whether something should be done is not for the login that acts to find out. */
export class ReadingSide {
  readonly api: WarehouseApi;
  readonly #input: BigqueryOperationsInput;
  readonly #session: RestSession;
  #client: Promise<BigqueryClient> | undefined;

  constructor(input: BigqueryOperationsInput) {
    this.#input = input;
    const { keyFile, credentials } = input.options;
    this.#session = createRestSession({ keyFile, credentials, scopes: readingScopes }, input);
    this.api = createWarehouseApi({ session: this.#session, input });
  }

  get session(): RestSession {
    return this.#session;
  }

  /**
   * A query over INFORMATION_SCHEMA, bounded as those of the collector are: what today has cost is asked anew each time, so that both
   * together stay within `maximumOwnUsdPerDay`.
   */
  async ask<R>(
    query: Query<R>,
    scope: Scope,
    parameters: Readonly<Record<string, ParameterValue>>,
    signal: AbortSignal,
  ): Promise<Rows<R>> {
    const input = this.#input;
    this.#client ??= createBigqueryClient({
      options: input.options,
      applicationName: input.applicationName,
      conceal: (secret) => input.conceal(secret),
    });
    const calendar = createBillingCalendar(input.options.billingTimeZone);
    const memory = new Map<string, string>();
    const spend = new OwnSpend(
      { read: (key) => memory.get(key), write: (key, text) => void memory.set(key, text) },
      calendar,
    );
    return createQueryRunner(await this.#client, input, spend, calendar).ask(
      query,
      scope,
      parameters,
      signal,
    );
  }

  /** Rows that the latest collections kept. */
  details(kind: string): readonly DetailRow[] {
    return (this.#input.snapshot()?.readings ?? []).flatMap(({ details }) => details[kind] ?? []);
  }

  async close(): Promise<void> {
    this.#session.close();
    const client = await this.#client?.catch(() => undefined);
    client?.close();
  }
}
