import { setMaxListeners } from 'node:events';
import type {
  Assumption,
  CheckItem,
  Collector,
  CollectorInput,
  Finding,
  ServerIdentity,
} from '../../src/sdk.ts';
import { tryAssumptions } from './assumptions.ts';
import { pingSeconds, readAvailability, readRunning } from './availability.ts';
import { readBackups } from './backups/backup-group.ts';
import type { BigqueryClient } from './bigquery-api.ts';
import { type BillingCalendar, createBillingCalendar } from './billing-calendar.ts';
import { readBreakdown } from './breakdown.ts';
import { checkTarget } from './check.ts';
import { createAgent, createBigqueryClient } from './client.ts';
import type { BigqueryOptions } from './config.ts';
import { readEachRegion } from './each-region.ts';
import type { BigqueryGroup } from './groups.ts';
import type { BigqueryContext, BigqueryMetrics } from './metrics.ts';
import { createRestSession, type RestSession, readingScopes } from './operations/rest-session.ts';
import { createWarehouseApi } from './operations/warehouse-api.ts';
import { OwnSpend } from './own-spend.ts';
import { readPerformance, readSlots } from './performance.ts';
import { createQueryRunner, type QueryRunner } from './query-runner.ts';
import { readSpend } from './spend.ts';
import { readStorage } from './storage.ts';
import { readRecommendations, readTables } from './tables.ts';
import { UsageReader } from './usage-reader.ts';

/** Makes the collector of one target; connects to nothing yet. */
export async function createBigqueryCollector(
  input: CollectorInput<BigqueryOptions>,
): Promise<Collector<BigqueryMetrics, BigqueryGroup>> {
  const agent = createAgent(input.options);
  const client = await createBigqueryClient({
    options: input.options,
    applicationName: input.applicationName,
    conceal: (secret) => input.conceal(secret),
    agent,
  });
  const { keyFile, credentials } = input.options;
  const session = createRestSession({ keyFile, credentials, scopes: readingScopes }, input, agent);
  return new BigqueryCollector(input, client, session);
}

class BigqueryCollector implements Collector<BigqueryMetrics, BigqueryGroup> {
  readonly #input: CollectorInput<BigqueryOptions>;
  readonly #client: BigqueryClient;
  readonly #calendar: BillingCalendar;
  readonly #ownSpend: OwnSpend;
  readonly #runner: QueryRunner;
  readonly #readers: Readonly<Record<BigqueryGroup, (context: BigqueryContext) => Promise<void>>>;
  readonly #session: RestSession;
  #pingSeconds: number | undefined;

  constructor(input: CollectorInput<BigqueryOptions>, client: BigqueryClient, session: RestSession) {
    this.#input = input;
    this.#client = client;
    this.#session = session;
    const calendar = createBillingCalendar(input.options.billingTimeZone);
    this.#calendar = calendar;
    this.#ownSpend = new OwnSpend(input.memory, calendar);
    const runner = createQueryRunner(client, input, this.#ownSpend, calendar);
    this.#runner = runner;
    const tables = createWarehouseApi({ session, input });
    const usage = new UsageReader(input, runner, calendar);
    this.#readers = {
      availability: (context) => readAvailability(input, client, this.#pingSeconds, context),
      running: (context) => readRunning(input, client, context),
      own_spend: async (context) => this.#recordOwnSpend(context),
      spend: (context) => readSpend(input, usage, calendar, context),
      breakdown: (context) => readBreakdown({ input, runner, usage, calendar }, context),
      performance: (context) => readEachRegion(input, runner, context, readPerformance),
      slots: (context) => readEachRegion(input, runner, context, readSlots),
      storage: (context) => readStorage(input, client, runner, context),
      tables: (context) => readEachRegion(input, runner, context, readTables),
      backups: (context) => readBackups(tables, input.options, context),
      recommendations: (context) => readEachRegion(input, runner, context, readRecommendations),
    };
  }

  async open(signal: AbortSignal): Promise<ServerIdentity> {
    setMaxListeners(0, signal); // several a request
    const { options } = this.#input;
    this.#pingSeconds = await pingSeconds(this.#input, this.#client, options.project, signal);
    const { hostname, port } = new URL(options.endpoint ?? 'https://bigquery.googleapis.com');
    return { address: hostname, port: Number(port || 443), version: '2' };
  }

  async read(group: BigqueryGroup, context: BigqueryContext): Promise<void> {
    setMaxListeners(0, context.signal);
    await this.#readers[group](context);
  }

  check(signal: AbortSignal): Promise<readonly CheckItem[]> {
    return checkTarget(
      { input: this.#input, client: this.#client, runner: this.#runner, calendar: this.#calendar },
      signal,
    );
  }

  assumptions(signal: AbortSignal): Promise<readonly Assumption[]> {
    return tryAssumptions(this.#input, this.#client, this.#runner, signal);
  }

  async close(): Promise<void> {
    this.#client.close();
    this.#session.close();
  }

  #recordOwnSpend(context: BigqueryContext): void {
    const { project } = this.#input.options;
    const totals = this.#ownSpend.totals(context.now);
    if (totals.kind === 'lost') context.find(forgotten(project));
    if (totals.kind !== 'known') return;
    for (const window of ['today', 'month'] as const) {
      const { usd, sinceMs } = totals[window];
      context.record('ownSpendUsd', usd, { project, window });
      context.record('ownSpendSince', sinceMs / 1_000, { project, window });
    }
  }
}

function forgotten(project: string): Finding {
  return {
    code: 'own_spend_forgotten',
    severity: 'warning',
    subject: project,
    message:
      'what the queries of Reeve cost this month cannot be read from its store any more and is unknown until the next month',
    remedy: 'check the disk of the store; the jobs of this month are in JOBS under the label reeve-target',
  };
}
