/**
 * The process under test: `node subject.program.ts reeve|prom-client`. It has a process of its own, so that nothing of the benchmark
 * holds its event loop.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createCoreWaitReader } from '../measure/core-wait.ts';
import { type LoopWatch, watchLoop } from './loop-watch.ts';
import { type ExportRequest, type Handled, requestSchema } from './messages.ts';
import { startPromClientSubject } from './prom-client-subject.ts';
import { startReeveSubject } from './reeve-subject.ts';
import type { Subject } from './subject.ts';
import { shape } from './synthetic-snapshots.ts';

const subject = await (process.argv[2] === 'reeve' ? startReeveSubject() : startPromClientSubject());
let watching: { readonly loop: LoopWatch; readonly timer: NodeJS.Timeout | undefined } | undefined;
let replaced = 0;

process.on('message', (message) => {
  void answer(requestSchema.parse(message)).then((reply) => process.send?.(reply));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: subject.port });

async function answer(request: ExportRequest): Promise<unknown> {
  if (request.kind === 'handle') return handle(subject, request.encoding, request.calls);
  if (request.kind === 'watch') {
    replaced = 0;
    watching = { loop: watchLoop(), timer: replaceInCycles(request.cycleMs, request.atOnce) };
    return {};
  }
  clearInterval(watching?.timer);
  return { ...watching?.loop.stop(), replaced };
}

function replaceInCycles(cycleMs: number | undefined, atOnce: boolean): NodeJS.Timeout | undefined {
  if (cycleMs === undefined) return undefined;
  const replaceNext = (): void => {
    subject.replace(replaced % shape.targets, 1 + Math.floor(replaced / shape.targets));
    replaced += 1;
  };
  if (!atOnce) return setInterval(replaceNext, cycleMs / shape.targets);
  return setInterval(() => {
    for (let count = 0; count < shape.targets; count += 1) replaceNext();
  }, cycleMs);
}

async function handle(of: Subject, encoding: 'identity' | 'gzip', calls: number): Promise<Handled> {
  let bytes = 0;
  for (let call = 0; call < 5; call += 1) bytes = await of.handle(encoding);
  const readCoreWaitMs = createCoreWaitReader();
  const busyMs: number[] = [];
  const wallMs: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    await delay(5);
    const waitMs = readCoreWaitMs();
    const loop = performance.eventLoopUtilization();
    const startedMs = performance.now();
    await of.handle(encoding);
    wallMs.push(performance.now() - startedMs);
    const activeMs = performance.eventLoopUtilization(loop).active;
    busyMs.push(Math.max(0, activeMs - (readCoreWaitMs() - waitMs)));
  }
  return { busyMs, wallMs, bytes };
}
