import type { Worker } from 'openworkflow';
import type { Clock } from '../../core/ports/clock.ts';
import { AgentStopping } from '../../core/ports/durable-engine.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Claims } from './claims.ts';
import type { Executions } from './executions.ts';
import type { JournalHealth } from './journal-health.ts';

export interface WorkerLoopOptions {
  readonly claims: Claims;
  readonly executions: Executions;
  readonly health: JournalHealth;
  readonly clock: Clock;
  readonly log: Log;
  readonly closing: AbortController;
  readonly stopWithinMs: number;
  newWorker(): Worker;
  /** What a dead predecessor left becomes due. Repeated until the journal takes it. */
  takeOver(): Promise<void>;
}

export interface WorkerLoop {
  begin(): Promise<void>;
  /** Something became due: it is looked for at once. */
  wake(): void;
  end(): Promise<void>;
}

/** Pauses between two looks at the journal. */
const pauseMs = { first: 50, idle: 1_000, refusing: 10_000 } as const;

/** Looks for processes that are due. Ours instead of the worker's own loop, which prints on stderr, cannot be woken and stops within a second. */
export function createWorkerLoop(options: WorkerLoopOptions): WorkerLoop {
  const { executions, clock, log, closing, stopWithinMs } = options;
  let worker: Worker | undefined;
  let running: Promise<void> | undefined;
  let hasTakenOver = false;
  let pause = new AbortController();
  const takeOver = async (): Promise<boolean> => {
    try {
      if (!hasTakenOver) await options.takeOver();
      hasTakenOver = true;
    } catch (thrown) {
      options.health.refused(thrown);
    }
    return hasTakenOver;
  };
  /** Whether something was found, nothing was, or the journal refuses. */
  const look = async (active: Worker): Promise<'found' | 'idle' | 'refusing'> => {
    if (!(await takeOver())) return 'refusing';
    try {
      const count = await active.tick();
      if (options.claims.nextRound()) return 'refusing';
      return count > 0 ? 'found' : 'idle';
    } catch (thrown) {
      options.health.refused(thrown);
      return 'refusing';
    }
  };
  const run = async (active: Worker): Promise<void> => {
    let delayMs: number = pauseMs.first;
    while (!closing.signal.aborted) {
      pause = new AbortController();
      const outcome = await look(active);
      delayMs = outcome === 'found' ? pauseMs.first : Math.min(2 * delayMs, pauseMs[outcome]);
      await clock.sleep(delayMs, AbortSignal.any([pause.signal, closing.signal])).catch(() => undefined);
    }
  };
  return {
    async begin() {
      if (running !== undefined || closing.signal.aborted) return;
      const active = options.newWorker();
      worker = active;
      const first = takeOver();
      running = first.then(() => run(active));
      await first;
    },
    wake: () => pause.abort(),
    async end() {
      const reason = new AgentStopping();
      closing.abort(reason);
      for (const execution of executions.all()) execution.interrupt('stopping', reason);
      await running;
      await letFinish(executions, stopWithinMs, clock, log);
      await worker?.stop();
    },
  };
}

async function letFinish(executions: Executions, withinMs: number, clock: Clock, log: Log): Promise<void> {
  const done = new AbortController();
  const late = clock.sleep(withinMs, done.signal).then(
    () => true,
    () => false,
  );
  const isLate = await Promise.race([executions.idle().then(() => false), late]);
  done.abort();
  if (!isLate) return;
  for (const execution of executions.all()) {
    log.warn('a step does not stop; its process is taken up again when its lease ends', {
      ...execution.about,
      step: execution.step,
    });
    execution.interrupt('abandoned', new AgentStopping());
  }
}
