/** A drill in a process of its own, to be killed: `node drill.program.ts URL CHAIN WAL BINARIES FOLDER`; prints its steps and then waits. */

import { operationContext } from '../../../../../tests/support/postgres/operations-input.ts';
import { backupsAt } from './backup-ground.ts';

const [url = '', path = '', wal = '', binaries = '', folder = ''] = process.argv.slice(2);
const backups = backupsAt(url, { backups: { base: { kind: 'base_backup', path, wal } }, binaries });
const onStep = (step: string): void => {
  process.stdout.write(`${step}\n`);
  // Long enough to be killed in; verifying begins when the server runs.
  if (step === 'verify') for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
};
await backups.drill?.(
  { chain: undefined, backup: undefined, until: undefined },
  { ...operationContext(), folder, onStep },
);
