import { resolve } from 'node:path';
import type { Clock } from '../../core/ports/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { ObjectiveRecords } from '../../core/ports/objective-records.ts';
import { explainDamage, openDatabaseToRead } from './database.ts';
import { createObjectiveTables } from './objective-tables.ts';
import { WriteBehind } from './write-behind.ts';

/** What evaluation kept, to be read only. */
export interface KeptObjectives extends Disposable {
  /** Whether an agent had the store open when this was. */
  readonly isInUse: boolean;
  readonly records: Pick<ObjectiveRecords, 'states' | 'breaches' | 'events' | 'daily'>;
}

export interface OpenObjectiveRecordsOptions {
  /** The directory of the store. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Reads what evaluation kept while no agent runs. It does not take the lock, so that it never keeps an agent from starting, and changes
 * nothing; beside a running agent it sees what is on disk, which may be a second old. Undefined where nothing was kept: there is no store,
 * or no agent of this version has run on it.
 *
 * @throws {StoreError} when a newer Reeve wrote it, it is damaged or it cannot be read.
 */
export function openObjectiveRecords({
  path,
  clock,
  log,
}: OpenObjectiveRecordsOptions): KeptObjectives | undefined {
  const opened = openDatabaseToRead(resolve(path));
  if (opened === undefined) return undefined;
  const { database, file, isInUse } = opened;
  const writes = new WriteBehind({ database, file, clock, log, onError: () => undefined });
  try {
    const tables = createObjectiveTables(database, writes, clock);
    return { isInUse, records: tables.records(() => undefined), [Symbol.dispose]: () => database.close() };
  } catch (thrown) {
    database.close();
    throw explainDamage(file, thrown);
  }
}
