/**
 * A process that has a store open, for tests that kill it: `node store-child.program.ts <directory>`. It prints `open` and then, for each
 * of its readings, the time that a later second has surely written; or the error's code when the store does not open.
 */

import { setTimeout } from 'node:timers/promises';
import { openStore } from '../../src/store/sqlite/open-store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { createSystemClock } from '../../src/telemetry/clock.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { count, reading } from './store.contract.ts';

const indexes = 2_000;

try {
  const path = process.argv[2] ?? '';
  const { history } = await openStore({ path, clock: createSystemClock(), log: createRecordingLog() });
  console.log('open');
  for (let at = 1; ; at += 1) {
    const counts = Array.from({ length: indexes }, (_unused, index) => count(String(index), at));
    await history.observeIndexes(reading({ at, indexes: counts }));
    await history.firstSeen('statements', [`statement ${at}`], at);
    console.log(`observed ${at} ${Date.now()}`);
    await setTimeout(20);
  }
} catch (thrown) {
  if (!(thrown instanceof StoreError)) throw thrown;
  console.log(`refused ${thrown.code}: ${thrown.message}`);
}
