/**
 * A process that has a store open, for tests that kill it: `node store-child.program.ts <directory> <line>`. It prints `open` and then, for
 * each of its readings, `observed <n>`, `halfway <n>` when some of it is on disk and `written <n>` when all of it is; after the given line
 * it stands still. Or the error's code when the store does not open.
 */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { openStore } from '../../src/store/sqlite/open-store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { count, reading } from './store.contract.ts';

const indexes = 2_000;
const [path = '', lastLine = ''] = process.argv.slice(2);

try {
  await run();
} catch (thrown) {
  if (!(thrown instanceof StoreError)) throw thrown;
  console.log(`refused ${thrown.code}: ${thrown.message}`);
}

async function run(): Promise<void> {
  const clock = new FakeClock();
  const { history } = await openStore({ path, clock, log: createRecordingLog() });
  const disk = new DatabaseSync(join(path, 'reeve.sqlite'), { readOnly: true });
  const number = (sql: string): number => Number(disk.prepare(sql).get()?.['number']);
  say('open');
  for (let at = 1; ; at += 1) {
    const counts = Array.from({ length: indexes }, (_unused, index) => count(String(index), at));
    await history.observeIndexes(reading({ at, indexes: counts }));
    say(`observed ${at}`);
    const writing = clock.advance(1_000);
    while (number('SELECT max(scans) AS number FROM index_use') < at) await setImmediate();
    say(`halfway ${at}`);
    while (number('SELECT max(at) AS number FROM index_member') < at) await setImmediate();
    say(`written ${at}`);
    await writing;
  }
}

function say(line: string): void {
  console.log(line);
  if (line === lastLine) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
