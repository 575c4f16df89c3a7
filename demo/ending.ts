import type { Agent } from './agent.ts';

/** Why the demo ends. */
export type Ending =
  /** The time of --for is over. */
  | { readonly kind: 'time' }
  /** Somebody asked for it. */
  | { readonly kind: 'signal'; readonly name: string }
  /** Something went wrong; the text is for the person in front of it. */
  | { readonly kind: 'failure'; readonly text: string };

export interface EndingWatch extends Disposable {
  /** Aborted when the demo shall end. */
  readonly signal: AbortSignal;
  /** The first reason; undefined while it goes on. */
  readonly ending: Ending | undefined;
  end(ending: Ending): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ends the demo on a signal or after a time. Later signals change nothing: stopping is bounded. */
export function watchForEnding(afterMs: number | undefined): EndingWatch {
  const controller = new AbortController();
  let first: Ending | undefined;
  const end = (ending: Ending): void => {
    first ??= ending;
    controller.abort();
  };
  const listeners = signals.map((name) => [name, () => end({ kind: 'signal', name })] as const);
  for (const [name, listener] of listeners) process.on(name, listener);
  const timer =
    afterMs === undefined ? undefined : setTimeout(() => end({ kind: 'time' }), Math.max(0, afterMs));
  return {
    signal: controller.signal,
    get ending() {
      return first;
    },
    end,
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}

/** Ends the demo when the agent does. */
export function endWithAgent(agent: Agent, watch: EndingWatch): void {
  void sayWhenItEnds(agent, watch);
}

async function sayWhenItEnds({ process: child }: Agent, watch: EndingWatch): Promise<void> {
  const { code, signal } = await child.exited;
  if (watch.signal.aborted) return;
  const log = await child.logTail();
  watch.end({
    kind: 'failure',
    text: `the agent ended by itself (${code ?? signal}). The end of its log:\n${log}`,
  });
}
