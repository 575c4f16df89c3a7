/** An agent with one process, on a directory or on the endpoint in DURABLE_ENDPOINT. In `apply` it waits to be killed, unless it is told to finish. */
import { appendFileSync, readFileSync } from 'node:fs';
import { openDurableEngine } from '../../../../src/remediate/durable/open-durable-engine.ts';
import { createSystemClock } from '../../../../src/telemetry/clock.ts';
import { createRecordingLog } from '../../../support/recording-log.ts';

const [path = '', record = '', finish] = process.argv.slice(2);
const endpoint = process.env['DURABLE_ENDPOINT'];
const engine = await openDurableEngine({
  location: endpoint === undefined ? { path } : { endpoint: JSON.parse(endpoint) },
  holder: 'test',
  clock: createSystemClock(),
  log: createRecordingLog(),
});
const write = (step: string): null => {
  appendFileSync(record, `${step}\n`);
  return null;
};
engine.define('execute', async (_input, steps) => {
  await steps.step('pre-check', async () => write('pre-check'));
  await steps.step('apply', (signal) => {
    write('apply');
    if (finish !== undefined) return Promise.resolve(null);
    process.stdout.write('in apply\n');
    return new Promise<null>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  });
  await steps.step('verify', async () => write('verify'));
  process.stdout.write(`done ${readFileSync(record, 'utf8').trim().split('\n').join(',')}\n`);
  setImmediate(() => void engine.close());
});
process.stdout.write('ready\n');
await engine.begin();
await engine.start('execute', 'run-1', null);
