import {
  type ActContext,
  type ActOutcome,
  type Clock,
  CollectError,
  messageOf,
  type Random,
} from '../../../src/sdk.ts';
import type { ActingSession, RunOptions, StatementOutcome } from './acting-client.ts';

export interface SettleOptions extends Omit<RunOptions, 'signal'> {
  readonly clock: Clock;
  readonly random: Random;
  readonly context: Pick<ActContext, 'signal' | 'assertHeld'>;
  /** Pause between two attempts, half to one and a half of it. */
  readonly pauseMs: number;
  /** No attempt begins after this time. */
  readonly withinMs: number;
  /** Asked before every attempt, because a statement goes by a name, and names change hands: why it must not be run (again). */
  readonly whyNot?: (signal: AbortSignal) => Promise<string | undefined>;
}

/** Deadlock, lock not available, serialisation: others stood in the way. */
const worthRetrying = new Set(['55P03', '40P01', '40001', '55006']);

/**
 * Runs one statement again and again until the catalogue says that it is settled, it fails for good, or time is up. Each attempt waits for
 * locks no longer than the lock timeout, so nobody queues behind it for longer.
 *
 * @returns undefined when it is settled; otherwise the last outcome.
 * @throws {CollectError} when the connection was lost: somebody has to look from another one.
 */
export async function runUntilSettled(
  session: ActingSession,
  statement: string,
  isSettled: (signal: AbortSignal) => Promise<boolean>,
  options: SettleOptions,
): Promise<StatementOutcome | undefined> {
  const { clock, random, context, pauseMs, withinMs, whyNot, ...watch } = options;
  const until = clock.monotonicMs() + withinMs;
  for (;;) {
    await context.assertHeld();
    const reason = await whyNot?.(catalogueSignal());
    if (reason !== undefined) return { kind: 'stopped', reason };
    const outcome = await session.run(statement, { ...watch, signal: context.signal });
    if (outcome.kind === 'lost') throw new CollectError('unreachable', outcome.message);
    if (await isSettled(catalogueSignal())) return undefined;
    const retries = outcome.kind === 'stopped' ? !context.signal.aborted : isWorthRetrying(outcome);
    if (!retries) return outcome;
    const pause = pauseMs * (0.5 + random());
    if (clock.monotonicMs() + pause >= until) return outcome;
    try {
      await clock.sleep(pause, context.signal);
    } catch (thrown) {
      if (!context.signal.aborted) throw thrown;
      return { kind: 'stopped', reason: 'it was interrupted' };
    }
  }
}

/** The catalogue is read to the end even when the act was interrupted: somebody has to know. */
export function catalogueSignal(): AbortSignal {
  return AbortSignal.timeout(10_000);
}

/** For a person. */
export function explainOutcome(outcome: StatementOutcome): string {
  if (outcome.kind === 'done') return 'the server said that it was done, and the catalogue disagrees';
  if (outcome.kind === 'stopped') return outcome.reason;
  if (outcome.kind === 'lost') return `the connection was lost: ${outcome.message}`;
  return outcome.sqlState === '55P03'
    ? 'others held a lock for longer than the lock timeout, each time it was tried'
    : `the server refused: ${outcome.message}`;
}

function isWorthRetrying(outcome: StatementOutcome): boolean {
  return outcome.kind === 'failed' && worthRetrying.has(outcome.sqlState);
}

/** Looks by another connection what became of an act whose own was lost; where nobody can look, nobody knows. */
export async function afterLostConnection(
  message: string,
  look: () => Promise<ActOutcome>,
): Promise<ActOutcome> {
  try {
    return await look();
  } catch (thrown) {
    return {
      result: 'failed',
      detail: `the connection was lost (${message}), and nobody knows what became of it: the catalogue cannot be read (${messageOf(thrown)})`,
    };
  }
}
