import type { DurableEngine } from '../../../../src/core/ports/durable-engine.ts';
import type { RecordingLog } from '../../../support/recording-log.ts';

/** One place for journals: each agent that is opened on it sees the same processes. */
export interface JournalPlace extends AsyncDisposable {
  open(): Promise<{ readonly engine: DurableEngine; readonly log: RecordingLog }>;
}

export type Arrange = () => Promise<JournalPlace>;

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Notes that a step was done; what the step comes to. */
export function add(done: string[], step: string): null {
  done.push(step);
  return null;
}
