import { CollectError, type CollectorInput } from '../../src/sdk.ts';
import { type AccountFacts, parseAccount, recordAccount } from './account.ts';
import type { ArmClient } from './arm-client.ts';
import { type ArmConnection, connectArm } from './arm-connection.ts';
import { listContainers, readSettings } from './arm-throughput.ts';
import { recordBackupPolicy } from './backup-policy.ts';
import type { CosmosdbOptions } from './config.ts';
import { readConsumption } from './consumption.ts';
import { tryControlPlane } from './control-assumptions.ts';
import { checkControlPlane } from './control-check.ts';
import { cosmosdbGroups } from './groups.ts';
import { latencyMinutes, readLatency } from './latency.ts';
import type { CosmosdbContext } from './metrics.ts';
import { Monitor } from './monitor.ts';
import { readPartitions } from './partitions.ts';
import { Spelling } from './place.ts';
import type { Plane } from './plane.ts';
import type { ReadBudget } from './read-budget.ts';
import { readReplication, readServiceLevel } from './replication.ts';
import { Settling } from './settling.ts';
import { readStorage } from './storage.ts';
import { recordThroughput } from './throughput.ts';
import { ThroughputBook } from './throughput-book.ts';
import { Utilization } from './utilization.ts';

/** Databases and containers whose throughput is read within a collection. */
const mostEarly = 30;
/** Regions change seldom. */
const accountLivesMs = 15 * 60_000;

/** The account through Azure Resource Manager and Azure Monitor. */
export function createControlPlane(input: CollectorInput<CosmosdbOptions>): Plane {
  return new ControlPlane(input);
}

class ControlPlane implements Plane {
  readonly #input: CollectorInput<CosmosdbOptions>;
  readonly #connection: ArmConnection;
  readonly #budget: ReadBudget;
  readonly #arm: ArmClient;
  readonly #monitor: Monitor;
  readonly #book: ThroughputBook;
  readonly #utilization: Utilization;
  #account: AccountFacts | undefined;
  #triedEarly = false;
  readonly #settling = new Settling();
  #accountAtMs = Number.NEGATIVE_INFINITY;
  /** By what they consumed in the latest minute, `containerKey` of each. */
  #busiest: readonly string[] = [];

  readonly readers: Plane['readers'] = {
    availability: (context) => recordAccount(this.#facts(), this.#budget.remaining(), context),
    consumption: (context) => this.#readConsumption(context),
    latency: (context) =>
      readLatency({ ...this.#common(), minutes: latencyMinutes(this.#input.target) }, context),
    replication: (context) =>
      readReplication({ ...this.#common(), regions: this.#facts().regions.length }, context),
    throughput: (context) => this.#readThroughput(context),
    partitions: async (context) => {
      // Without provisioned throughput there is nothing to be normalised to.
      if (this.#facts().serverless !== true) await readPartitions(this.#common(), context);
    },
    storage: (context) => readStorage(this.#common(), context),
    backups: (context) => recordBackupPolicy(this.#facts().backup, this.#facts().regions.length, context),
    service_level: (context) => readServiceLevel(this.#common(), context),
  };

  constructor(input: CollectorInput<CosmosdbOptions>) {
    this.#input = input;
    const { clock, target } = input;
    this.#connection = connectArm(input);
    this.#arm = this.#connection.arm;
    this.#budget = this.#connection.budget;
    this.#monitor = new Monitor(this.#arm, clock, () => this.#account?.regions.map(({ name }) => name) ?? []);
    this.#utilization = new Utilization(this.#monitor, input);
    const everyMs = target.groups['throughput']?.everyMs ?? cosmosdbGroups.throughput.everyMs;
    this.#book = new ThroughputBook(3 * Math.max(everyMs, target.intervalMs));
  }

  async open(signal: AbortSignal): Promise<AccountFacts> {
    const { clock } = this.#input;
    try {
      const answer = await this.#arm.get(
        { path: '', query: { 'api-version': '2024-11-15' }, what: 'account', urgency: 'essential' },
        signal,
      );
      this.#account = parseAccount(answer);
      this.#accountAtMs = clock.monotonicMs();
    } catch (thrown) {
      // Azure answers, and asks for a pause: the account is there, and what is known of it is young.
      const isPause = thrown instanceof CollectError && thrown.code === 'throttled';
      if (!isPause || clock.monotonicMs() - this.#accountAtMs > accountLivesMs) throw thrown;
    }
    return this.#facts();
  }

  check(signal: AbortSignal): ReturnType<Plane['check']> {
    return checkControlPlane(
      {
        arm: this.#arm,
        monitor: this.#monitor,
        budget: this.#budget,
        account: this.#facts(),
        input: this.#input,
      },
      signal,
    );
  }

  assumptions(signal: AbortSignal): ReturnType<Plane['assumptions']> {
    const { clock } = this.#input;
    return tryControlPlane(
      { monitor: this.#monitor, account: this.#facts(), clock, settling: this.#settling },
      signal,
    );
  }

  close(): void {
    this.#utilization.save();
    this.#connection.close();
  }

  async #readConsumption(context: CosmosdbContext): Promise<void> {
    await this.#readThroughputEarly(context);
    const common = this.#common();
    const throughput = this.#book.read(context.monotonicMs);
    const serverless = this.#facts().serverless === true;
    const settling = this.#settling;
    const reading = await readConsumption({ ...common, throughput, serverless, settling }, context);
    this.#busiest = reading.ranked;
    if (throughput !== undefined)
      await this.#utilization.read({ ...reading, throughput, spelling: common.spelling }, context);
  }

  /** Throughput has a turn of its own, which may come later; the first utilisation of a small account does not wait for it. */
  async #readThroughputEarly(context: CosmosdbContext): Promise<void> {
    const { api, serverless } = this.#facts();
    const { enabled = true } = this.#input.target.groups['throughput'] ?? {};
    if (this.#triedEarly || serverless === true || api === undefined || !enabled) return;
    this.#triedEarly = true;
    if (this.#book.read(context.monotonicMs) !== undefined) return;
    const { maxContainers } = this.#input.options;
    try {
      const inventory = await listContainers(this.#arm, api, { maxContainers }, context.signal);
      const count = inventory.databases.reduce((sum, { containers }) => sum + 1 + containers.length, 0);
      if (count > mostEarly) return;
      const reading = await readSettings(this.#arm, api, inventory, () => undefined, context.signal);
      this.#book.write(reading, context.monotonicMs);
    } catch (thrown) {
      // The group that is there for it reads again and says what is wrong; utilisation stays unknown until then.
      if (!(thrown instanceof CollectError)) throw thrown;
    }
  }

  async #readThroughput(context: CosmosdbContext): Promise<void> {
    const { api, serverless, regions } = this.#facts();
    if (serverless === true) return;
    if (api === undefined) {
      throw new CollectError(
        'unsupported',
        'throughput of an account for the Table API is not read by this version',
      );
    }
    const { maxContainers } = this.#input.options;
    const inventory = await listContainers(
      this.#arm,
      api,
      { maxContainers, rank: this.#busiest },
      context.signal,
    );
    context.truncate(inventory.left);
    const failures: { readonly subject: string; readonly error: CollectError }[] = [];
    const onFailure = (subject: string, error: CollectError): void => void failures.push({ subject, error });
    const reading = await readSettings(this.#arm, api, inventory, onFailure, context.signal);
    this.#book.write(reading, context.monotonicMs);
    recordThroughput(
      reading,
      regions.map(({ name }) => name),
      context,
    );
    for (const { subject, error } of failures) {
      await context.attempt(subject, () => Promise.reject(error));
    }
  }

  #common() {
    const { regions } = this.#facts();
    return {
      monitor: this.#monitor,
      spelling: new Spelling(regions.map(({ name }) => name)),
      maxContainers: this.#input.options.maxContainers,
    };
  }

  #facts(): AccountFacts {
    if (this.#account !== undefined) return this.#account;
    throw new CollectError(
      'unreachable',
      `the account of target "${this.#input.target.id}" was not reached yet`,
    );
  }
}
