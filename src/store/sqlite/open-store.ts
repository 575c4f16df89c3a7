import { resolve } from 'node:path';
import type { Clock } from '../../core/ports/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Store } from '../../core/ports/store.ts';
import { checkReading } from '../index-reading.ts';
import { explainDamage, type OpenDatabase, openDatabase } from './database.ts';
import { Housekeeping } from './housekeeping.ts';
import { IndexUsageCache } from './index-usage-cache.ts';
import { IndexUsageTable } from './index-usage-table.ts';
import { createObjectiveTables } from './objective-tables.ts';
import { createProofAging, createProofTable } from './proof-table.ts';
import { Pruning } from './pruning.ts';
import { RemediationAging } from './remediation-aging.ts';
import { createRemediationTables, releaseDeadLeases } from './remediation-tables.ts';
import { SeenCache } from './seen-cache.ts';
import { SeenTable } from './seen-table.ts';
import { TargetMemories } from './target-memories.ts';
import { WriteBehind } from './write-behind.ts';

export interface OpenStoreOptions {
  /** The directory; created with mode 0700 where it is missing. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called for every write that failed; what it held is tried again. */
  readonly onError?: (error: unknown) => void;
}

const indexTables = { heads: 'index_member', seenAt: 'at', rows: 'index_use', headId: 'member_id' } as const;
const seenTables = { heads: 'seen_scope', seenAt: 'last_at', rows: 'seen_key', headId: 'scope_id' } as const;

/**
 * Opens the embedded store. Readings are remembered at once and written at most once a second, so a process that is killed loses the
 * last second and nothing before it.
 *
 * @throws {StoreError} when another process has it, a newer Reeve wrote it, it is damaged or the directory cannot be used.
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const opened = openDatabase(resolve(options.path), options.clock.now());
  try {
    return createStore(opened, options);
  } catch (thrown) {
    opened.close();
    throw explainDamage(opened.file, thrown);
  }
}

function createStore(opened: OpenDatabase, { clock, log, onError }: OpenStoreOptions): Store {
  const { database, file } = opened;
  const writes = new WriteBehind({ database, file, clock, log, onError: onError ?? (() => undefined) });
  const usage = new IndexUsageCache(new IndexUsageTable(database), writes, clock);
  const seen = new SeenCache(new SeenTable(database), writes, clock);
  const objectives = createObjectiveTables(database, writes, clock);
  const housekeeping = new Housekeeping(
    [
      { cache: usage, pruning: new Pruning(database, indexTables) },
      { cache: seen, pruning: new Pruning(database, seenTables) },
    ],
    [...objectives.sweeps, new RemediationAging(database, clock), createProofAging(database, clock)],
    writes,
    clock,
  );
  const memories = new TargetMemories(database, writes, clock);
  releaseDeadLeases(database, file);
  let closing: Promise<void> | undefined;

  return {
    history: {
      async observeIndexes(reading) {
        checkReading(reading);
        await usage.observe(reading);
        housekeeping.tick();
      },
      indexUsage: (cluster, name) => usage.usage(cluster, name),
      async firstSeen(scope, keys, at) {
        const answer = seen.firstSeen(scope, keys, at);
        housekeeping.tick();
        return answer;
      },
    },
    memory: (target) => memories.of(target),
    objectives: objectives.records(() => housekeeping.tick()),
    remediation: createRemediationTables(database, file),
    proofs: createProofTable(database, file),
    close() {
      closing ??= writes.close().finally(() => opened.close());
      return closing;
    },
  };
}
