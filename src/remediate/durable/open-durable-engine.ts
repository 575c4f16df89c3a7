import { OpenWorkflow } from 'openworkflow';
import type { Clock } from '../../core/ports/clock.ts';
import type { DurableEngine, DurableProcess } from '../../core/ports/durable-engine.ts';
import { ProcessCancelled } from '../../core/ports/durable-engine.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Json } from '../../core/remediation/json.ts';
import { createClaims } from './claims.ts';
import type { Execution } from './execution.ts';
import { createExecutions, type Executions } from './executions.ts';
import type { Journal, UnfinishedRow } from './journal.ts';
import { createJournalHealth } from './journal-health.ts';
import type { JournalEndpoint } from './postgres-journal.ts';
import { openSqliteJournal } from './sqlite-journal.ts';
import { createSteps } from './steps.ts';
import { storableJson } from './storable-json.ts';
import { watchedBackend } from './watched-backend.ts';
import { createWorkerLoop } from './worker-loop.ts';

export interface DurableEngineOptions {
  /** The directory of the embedded store, whose exclusive lock the caller holds, or the PostgreSQL that several agents share. */
  readonly location: { readonly path: string } | { readonly endpoint: JournalEndpoint };
  /** This agent's name, for `pg_stat_activity`. */
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How long `close` waits for steps that do not heed their signal. Default 10,000. */
  readonly stopWithinMs?: number;
}

/** Processes that advance at the same time in one agent; those that sleep do not count. */
const concurrency = 8;
const keepEndedMs = 30 * 86_400_000;

/**
 * The durable engine on OpenWorkflow.
 *
 * @throws {DurableError} when its journal cannot be opened.
 * @see https://openworkflow.dev/docs
 */
export async function openDurableEngine(options: DurableEngineOptions): Promise<DurableEngine> {
  const { location, holder } = options;
  if ('path' in location) return createDurableEngine(openSqliteJournal(location.path), options);
  // The driver is loaded only where it is needed.
  const { openPostgresJournal } = await import('./postgres-journal.ts');
  return createDurableEngine(await openPostgresJournal(location.endpoint, holder), options);
}

/** For `openDurableEngine`, and for tests that bring a journal which refuses. */
export function createDurableEngine(
  journal: Journal,
  { clock, log, stopWithinMs = 10_000 }: Omit<DurableEngineOptions, 'location' | 'holder'>,
): DurableEngine {
  const closing = new AbortController();
  const defined = new Set<string>();
  const executions = createExecutions(journal.isShared ? clock : undefined);
  const reading = createJournalHealth(journal.place, 'reading', log);
  const writing = createJournalHealth(journal.place, 'writing', log);
  const { signal } = closing;
  const isDefined = (name: string): boolean => defined.has(name);
  const claims = createClaims({ journal, health: reading, log, closing: signal, isDefined });
  const patience = { journal, health: writing, clock, closing: signal };
  const client = new OpenWorkflow({ backend: watchedBackend({ patience, claims, executions, log }) });
  const loop = createWorkerLoop({
    claims,
    executions,
    health: reading,
    clock,
    log,
    closing,
    stopWithinMs,
    newWorker: () => client.newWorker({ concurrency }),
    takeOver: async () => {
      const released = await journal.releaseLeases();
      if (released > 0)
        log.info('took up the durable processes of the agent before', { processes: released });
      await journal.prune(clock.now() - keepEndedMs);
    },
  });
  let closed: Promise<void> | undefined;
  return {
    define(name, work) {
      defined.add(name);
      client.implementWorkflow<Json, null>({ name }, ({ input, step, run }) => {
        const execution = executions.ofRun(run.id);
        if (execution === undefined) throw new Error(`the durable process ${run.id} was not claimed here`);
        return runPass(execution, () => work(input, createSteps(step, execution)));
      });
    },
    begin: () => loop.begin(),
    async start(name, id, input) {
      if (await journal.has(name, id)) return;
      await client.runWorkflow({ name }, storableJson(input), { idempotencyKey: id });
      loop.wake();
    },
    async cancel(id) {
      const rows = await journal.unfinished(id);
      const ended = await Promise.all(rows.map(({ runId }) => cancelOne(journal, executions, runId)));
      return ended.includes(true);
    },
    list: async () => (await journal.unfinished()).map(toProcess),
    close() {
      closed ??= loop.end().then(() => journal.close());
      return closed;
    },
  };
}

/** To the end of the workflow, its sleep or its interruption. */
async function runPass(execution: Execution, work: () => Promise<void>): Promise<null> {
  await Promise.race([work(), execution.ended]);
  return null;
}

/** False when it ended by itself in the meantime. */
async function cancelOne(
  { backend }: Journal,
  executions: Executions,
  workflowRunId: string,
): Promise<boolean> {
  try {
    await backend.cancelWorkflowRun({ workflowRunId });
    executions.ofRun(workflowRunId)?.interrupt('cancelled', new ProcessCancelled());
    return true;
  } catch (thrown) {
    const run = await backend.getWorkflowRun({ workflowRunId });
    if (run !== null && run.finishedAt === null) throw thrown;
    return false;
  }
}

function toProcess({ id, name, status, isHeld, createdAt }: UnfinishedRow): DurableProcess {
  const state = status === 'pending' ? 'pending' : isHeld ? 'running' : 'sleeping';
  return { id, name, state, createdAt };
}
