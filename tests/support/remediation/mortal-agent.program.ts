/**
 * `reeve` as `src/main.ts` composes it, with PostgreSQL and Redis, that ends itself by SIGKILL at points of remediation:
 * `mortal-agent.program.ts <file of points> <point> <command line of reeve …>`. The point is one that it dies at when it first comes there
 * (several with commas between them), `each` for all of them in turn, `none` for a long life. Each point it comes to is written into the file first.
 */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { engine as postgres } from '../../../collectors/postgres/index.ts';
import { engine as redis } from '../../../collectors/redis/index.ts';
import type { CliContext } from '../../../src/cli/context.ts';
import { runCli } from '../../../src/cli/program.ts';
import { processEnvironment, programEnvironment } from '../../../src/config/environment.ts';
import { createSystemClock, systemRandom } from '../../../src/telemetry/clock.ts';
import { kindOfPoint } from './points-passed.ts';

const [pointsFile = '', deadly = 'none', ...commandLine] = process.argv.slice(2);

const context: CliContext = {
  version: '0.0.0',
  command: 'reeve',
  host: hostname(),
  env: processEnvironment(),
  clock: createSystemClock(),
  random: systemRandom,
  loadEngines: () => Promise.resolve(new Map([postgres, redis].map((engine) => [engine.id, engine]))),
  writeData: (data) => new Promise((resolve) => process.stdout.write(data, () => resolve())),
  writeNote: (text) => void process.stderr.write(text),
  isTerminal: false,
  pid: process.pid,
  programEnv: programEnvironment(),
  user: 'test',
  askPerson: undefined,
  signals: {
    on(name, listener) {
      process.on(name, listener);
      return () => void process.off(name, listener);
    },
  },
  onFault: () => () => undefined,
  checkout: undefined,
  onStep: passPoint,
};

process.exitCode = await runCli(commandLine, context);

function passPoint(point: string): void {
  const kind = kindOfPoint(point);
  const passed = existsSync(pointsFile) ? readFileSync(pointsFile, 'utf8').split('\n') : [];
  const isNew = !passed.includes(kind);
  appendFileSync(pointsFile, `${kind}\n`);
  if (isNew && (deadly === 'each' || deadly.split(',').includes(kind))) process.kill(process.pid, 'SIGKILL');
}
