import { messageOf } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { Memory } from '../core/ports/memory.ts';
import { type Practice, type Practices, practiceTopics } from '../core/ports/practices.ts';
import { type Context7Settings, createContext7Client } from './context7-client.ts';
import { createContext7Practices } from './context7-practices.ts';
import { noteOf } from './notes.ts';

export interface PracticesOptions {
  /** Undefined: only our own notes. */
  readonly context7: Context7Settings | undefined;
  /** Where answers are kept: `store.memory('reeve:knowledge')`. */
  readonly memory: Memory;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly log: Log;
}

/** Our own notes first, and what Context7 says where it is configured. */
export function createPractices({ context7, memory, clock, fetch, log }: PracticesOptions): Practices {
  const remote =
    context7 === undefined
      ? undefined
      : createContext7Practices({
          client: createContext7Client(context7, { fetch, clock }),
          memory,
          clock,
          log,
        });
  return {
    async consult(question, signal) {
      if (!practiceTopics.includes(question.topic)) return [];
      const note = noteOf(question.engine, question.topic);
      const asked = remote === undefined ? undefined : await inTime(remote.consult(question), signal, log);
      return [note, asked].filter((practice) => practice !== undefined);
    },
  };
}

/** What was found, unless whoever asks stops waiting. */
async function inTime(
  answer: Promise<Practice | undefined>,
  signal: AbortSignal,
  log: Log,
): Promise<Practice | undefined> {
  const stopped = Promise.withResolvers<undefined>();
  const stop = (): void => stopped.resolve(undefined);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([answer, stopped.promise]);
  } catch (thrown) {
    // Such as a memory that refuses: a plan does not depend on it.
    log.warn('best practices could not be looked up', { problem: messageOf(thrown) });
    return undefined;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
