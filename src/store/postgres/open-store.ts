import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/ports/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { ObjectiveRecords } from '../../core/ports/objective-records.ts';
import type { ProofRecords } from '../../core/ports/proof-records.ts';
import type { RemediationReads } from '../../core/ports/remediation-records.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Secret } from '../../core/secret.ts';
import { checkReading } from '../index-reading.ts';
import { BreachRecords } from './breach-records.ts';
import { createStoreClient, type StoreClient } from './client.ts';
import { parseStoreUrl } from './connection-url.ts';
import { DailyRecords } from './daily-records.ts';
import { DeliveryRecords } from './delivery-records.ts';
import { EventRecords } from './event-records.ts';
import { sweep } from './housekeeping.ts';
import { IndexUsageCache } from './index-usage-cache.ts';
import { createProofRecords } from './proof-records.ts';
import { createRemediationRecords } from './remediation-records.ts';
import { startRounds } from './rounds.ts';
import { isUpToDate, migrate } from './schema.ts';
import { SeenCache } from './seen-cache.ts';
import { readServerTime, type SharedRows, writtenByAnyone, writtenByOthers } from './shared-rows.ts';
import { StateRecords } from './state-records.ts';
import { TargetMemories } from './target-memories.ts';
import { WriteBehind } from './write-behind.ts';

export interface OpenPostgresStoreOptions {
  readonly url: Secret;
  readonly clock: Clock;
  readonly log: Log;
  /** Called for every write that failed; what it held is tried again. */
  readonly onError?: (error: unknown) => void;
}

/** How late this agent learns what others wrote about breaches, states and days. */
const takeOverEveryMs = 30_000;
const sweepEveryMs = 3_600_000;

/**
 * Opens the store that several agents share. History and what evaluation keeps are held in memory, written at most once a second, and taken
 * over from the other agents twice a minute; what remediation keeps is written and read there and then. While the server is away, the
 * former goes on in memory and the latter rejects.
 *
 * @throws {StoreError} when the server cannot be reached or refuses, a newer Reeve wrote the store, or it is damaged.
 */
export async function openPostgresStore(options: OpenPostgresStoreOptions): Promise<Store> {
  const client = createStoreClient(parseStoreUrl(options.url.reveal()));
  try {
    await migrate(client);
    return await createStore(client, options);
  } catch (thrown) {
    await client.close();
    throw thrown;
  }
}

/** What was kept, to be read only. */
export interface KeptPostgresStore extends AsyncDisposable {
  readonly objectives: Pick<ObjectiveRecords, 'states' | 'breaches' | 'events' | 'daily'>;
  readonly remediation: RemediationReads;
  readonly proofs: Pick<ProofRecords, 'proofs'>;
}

/**
 * Reads what the agents kept, as it is now: nothing is made or brought up to date. Undefined where there is no store, or an older version
 * of Reeve wrote it and none of this version has run since.
 *
 * @throws {StoreError} when the server cannot be reached or refuses, a newer Reeve wrote the store, or it is damaged.
 */
export async function openPostgresStoreToRead(
  options: OpenPostgresStoreOptions,
): Promise<KeptPostgresStore | undefined> {
  const client = createStoreClient(parseStoreUrl(options.url.reveal()));
  try {
    if (await isUpToDate(client)) {
      const { objectives } = await createParts(client, options);
      const remediation = createRemediationRecords(client);
      const proofs = createProofRecords(client);
      return { objectives, remediation, proofs, [Symbol.asyncDispose]: () => client.close() };
    }
  } catch (thrown) {
    await client.close();
    throw thrown;
  }
  await client.close();
  return undefined;
}

interface Parts extends Pick<Store, 'history' | 'memory' | 'objectives'> {
  readonly writes: WriteBehind;
  /** Reads what other agents wrote since the last time. */
  readonly takeOver: () => Promise<void>;
}

async function createStore(client: StoreClient, options: OpenPostgresStoreOptions): Promise<Store> {
  const { clock, onError = () => undefined } = options;
  const { writes, takeOver, ...parts } = await createParts(client, options);
  const rounds = [
    startRounds(clock, takeOverEveryMs, takeOver, onError),
    startRounds(clock, sweepEveryMs, (signal) => sweep(client, clock.now(), signal), onError),
  ];
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await Promise.all(rounds.map((round) => round[Symbol.asyncDispose]()));
    await writes.close();
    await client.close();
  };
  return {
    ...parts,
    remediation: createRemediationRecords(client),
    proofs: createProofRecords(client),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

async function createParts(client: StoreClient, options: OpenPostgresStoreOptions): Promise<Parts> {
  const { clock, log, onError = () => undefined } = options;
  const agent = randomUUID();
  const writes = new WriteBehind({ client, clock, log, onError });
  const usage = new IndexUsageCache(client, writes, clock);
  const seen = new SeenCache(client, writes, clock);
  const memories = new TargetMemories(client, writes, agent);
  const states = new StateRecords(client, writes, agent);
  const breaches = new BreachRecords(client, writes, agent);
  const events = new EventRecords(client, writes, agent);
  const deliveries = new DeliveryRecords(client, writes, agent);
  const daily = new DailyRecords(client, writes, agent);
  const shared = [memories, states, breaches, events, deliveries, daily];
  const takeOver = await createTakeOver(client, agent, shared);
  return {
    writes,
    takeOver,
    history: {
      async observeIndexes(reading) {
        checkReading(reading);
        await usage.observe(reading);
      },
      indexUsage: (cluster, database) => usage.usage(cluster, database),
      firstSeen: (scope, keys, at) => seen.firstSeen(scope, keys, at),
    },
    memory: (target) => memories.of(target),
    objectives: {
      states: (target) => states.of(target),
      saveState: (state) => states.save(state),
      dropState: (key) => states.drop(key),
      saveBreach: (breach) => breaches.save(breach),
      breaches: (filter) => breaches.find(filter),
      addEvent: (event) => events.add(event),
      events: (filter) => events.find(filter),
      isNewDelivery: (key, at) => deliveries.isNew(key, at),
      addDaily: (series, at, value) => daily.add(series, at, value),
      daily: (series, since) => daily.days(series, since),
    },
  };
}

/** Reads all there is, and gives back what reads what others wrote since then. */
async function createTakeOver(
  client: StoreClient,
  agent: string,
  shared: readonly SharedRows[],
): Promise<() => Promise<void>> {
  let since = await readServerTime(client);
  for (const rows of shared) await rows.load({ where: writtenByAnyone, values: [since, agent] });
  return async () => {
    const startedAt = await readServerTime(client);
    for (const rows of shared) await rows.load({ where: writtenByOthers, values: [since, agent] });
    since = startedAt;
  };
}
