/** A stand-in for mongod, for restore drills: see README.md. It is not mongod. */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startStandalone } from '../deployment.ts';
import { faultOf, optionsOf } from './options.ts';

const [home = '', ...given] = process.argv.slice(2);
const options = optionsOf(given);
const dbPath = options.get('--dbpath') ?? '';
const log = options.get('--logpath') ?? '/dev/null';
const fault = faultOf(home, 'mongod');
const problem = problemOf();
if (problem === undefined) await serve();
else {
  appendFileSync(log, `${problem}\n`);
  process.exitCode = 48;
}

function problemOf(): string | undefined {
  if (options.get('--bind_ip') !== '127.0.0.1' || !options.has('--auth') || options.has('--replSet'))
    return 'a scratch server is on loopback, with access control, in no set';
  if (fault === 'refuse') return 'Failed to start: made to fail by the test';
  if (fault !== 'port-once' || existsSync(join(home, 'refused-once'))) return undefined;
  writeFileSync(join(home, 'refused-once'), '');
  return 'Failed to set up listener: SocketException: Address already in use';
}

async function serve(): Promise<void> {
  const server = await startStandalone({ users: {}, port: Number(options.get('--port')) });
  server.node(0).faults.answer('getCmdLineOpts', (answer) => ({
    ...answer,
    parsed: { storage: { dbPath: fault === 'elsewhere' ? '/var/lib/mongodb' : dbPath } },
  }));
  if (fault === 'deny') server.node(0).faults.fail('saslContinue', 18, 'AuthenticationFailed');
  server.node(0).faults.answer('serverStatus', (answer) => ({ ...answer, pid: process.pid }));
  writeFileSync(options.get('--pidfilepath') ?? '/dev/null', `${process.pid}\n`);
  writeFileSync(join(dbPath, 'WiredTiger'), 'not WiredTiger');
  // Its sockets closed, nothing keeps it.
  process.once('SIGTERM', () => void server[Symbol.asyncDispose]());
}
