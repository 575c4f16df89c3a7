import { openSync, readSync } from 'node:fs';

/**
 * Reads how long this process's main thread has been ready to run without getting a core, in milliseconds: the second field of
 * schedstat. On a machine that others use too it tells their share of a delay from ours. Always 0 where the kernel does not say.
 */
export function createCoreWaitReader(): () => number {
  const buffer = Buffer.alloc(128);
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  return () => {
    const length = readSync(file, buffer, 0, buffer.length, 0);
    const nanoseconds = Number(buffer.toString('latin1', 0, length).split(' ')[1]);
    return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 : 0;
  };
}
