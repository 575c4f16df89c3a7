import { performance } from 'node:perf_hooks';
import { createCoreWaitReader } from '../measure/core-wait.ts';
import type { Watched } from './messages.ts';

/** Watches how long the event loop serves nothing else. */
export interface LoopWatch {
  stop(): Omit<Watched, 'replaced'>;
}

/** The watch's own timer, in milliseconds: a block shorter than this is not seen. */
const everyMs = 1;

/** A timer of a millisecond: what it is late by, something else has held the event loop. */
export function watchLoop(): LoopWatch {
  const blocksMs: number[] = [];
  const latenessMs: number[] = [];
  const readCoreWaitMs = createCoreWaitReader();
  let lastWaitMs = readCoreWaitMs();
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  const loop = performance.eventLoopUtilization();
  let lastMs = startedMs;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const waitMs = readCoreWaitMs();
    const lateMs = Math.max(0, nowMs - lastMs - everyMs);
    latenessMs.push(lateMs);
    blocksMs.push(Math.max(0, lateMs - (waitMs - lastWaitMs)));
    lastMs = nowMs;
    lastWaitMs = waitMs;
  }, everyMs);
  return {
    stop() {
      clearInterval(timer);
      const elapsedMs = performance.now() - startedMs;
      const { user, system } = process.cpuUsage(cpu);
      blocksMs.sort((a, b) => a - b);
      return {
        longestMs: blocksMs.at(-1) ?? 0,
        p99Ms: blocksMs[Math.floor(blocksMs.length * 0.99)] ?? 0,
        longestWithWaitMs: Math.max(0, ...latenessMs),
        seconds: elapsedMs / 1000,
        utilization: performance.eventLoopUtilization(loop).utilization,
        cpuShare: (user + system) / 1000 / elapsedMs,
      };
    },
  };
}
