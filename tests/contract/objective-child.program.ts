/**
 * A process that is told of a breach, an event and a delivery, for a test that kills it: `node objective-child.program.ts <directory>`.
 * It prints `kept` and stands still; no time passes in it.
 */

import { openStore } from '../../src/store/sqlite/open-store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { breach, closed, event, newYear } from './objective-records.ts';

const [path = ''] = process.argv.slice(2);
const { objectives } = await openStore({ path, clock: new FakeClock(), log: createRecordingLog() });
objectives.saveBreach(breach({ fingerprint: 'open' }));
objectives.saveBreach(breach({ fingerprint: 'over' }));
objectives.saveBreach(closed({ fingerprint: 'over' }));
objectives.addEvent(event({ kind: 'opened' }));
objectives.isNewDelivery('a/1/firing', newYear);
console.log('kept');
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
