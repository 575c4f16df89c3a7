import type { CliContext } from './context.ts';

export interface Interruption extends Disposable {
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** A command that waits ends in order when a person has seen enough: what it follows goes on. */
export function untilInterrupted({ signals }: Pick<CliContext, 'signals'>): Interruption {
  const interrupted = new AbortController();
  const ends = (['SIGINT', 'SIGTERM'] as const).map((name) => signals.on(name, () => interrupted.abort()));
  return { signal: interrupted.signal, [Symbol.dispose]: () => ends.forEach((end) => end()) };
}
