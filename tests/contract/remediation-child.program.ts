/**
 * A process that begins to act, for a test that kills it: `node remediation-child.program.ts <directory>`. It decides, intends, disables and
 * pauses, prints `intended` and stands still; no time passes in it.
 */

import { openStore } from '../../src/store/sqlite/open-store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { newYear } from './objective-records.ts';
import { approval, draft, evidence, intent, plan, run } from './remediation-records.ts';

const [path = ''] = process.argv.slice(2);
const { remediation } = await openStore({ path, clock: new FakeClock(), log: createRecordingLog() });
await remediation.claim(run({ state: 'waiting', planHash: plan().hash }));
await remediation.savePlan(plan());
await remediation.addEvidence(evidence());
const change = { state: 'approved', updatedAt: newYear + 1 } as const;
await remediation.decide(approval(), { revision: 1, change }, draft({ event: 'approved' }));
const lease = await remediation.takeLease('target:orders', 'dead', newYear, 60_000);
await remediation.intend(intent({ fence: lease?.fence ?? 0 }), draft({ event: 'act_intended' }));
console.log('intended');
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
