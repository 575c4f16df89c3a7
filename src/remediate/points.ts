import { AgentStopping, type DurableSteps } from '../core/ports/durable-engine.ts';
import type { Json } from '../core/remediation/json.ts';
import type { Parts } from './parts.ts';
import { RecordsRefused } from './watched-records.ts';

/** What a step came to. An error that the run must answer for is remembered too: the step does not run again by itself. */
export type Attempt<T extends Json> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly text: string };

/** What `onStep` throws: the agent dies here, as far as everything else is concerned. */
export class AgentDied extends Error {
  override readonly name = 'AgentDied';
}

/** Says where the agent is, for tests that end it there. */
export function passPoint({ input }: Parts, point: string): void {
  try {
    input.onStep?.(point);
  } catch (cause) {
    throw new AgentDied(point, { cause });
  }
}

/** Whether an error says nothing about the run: nothing may be concluded from it, and the step runs again. */
export function saysNothing(error: unknown, signal: AbortSignal): boolean {
  return (
    signal.aborted ||
    error instanceof AgentStopping ||
    error instanceof AgentDied ||
    error instanceof RecordsRefused
  );
}

/** One durable step, between two points. */
export function attempt<T extends Json>(
  parts: Parts,
  steps: DurableSteps,
  name: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Attempt<T>> {
  return steps.step<Attempt<T>>(name, async (signal) => {
    passPoint(parts, `before ${name}`);
    const result = await settle(parts, work, signal);
    passPoint(parts, `after ${name}`);
    return result;
  });
}

async function settle<T extends Json>(
  parts: Parts,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await work(signal) };
  } catch (error) {
    if (saysNothing(error, signal)) throw error;
    return { ok: false, text: textOf(parts, error) };
  }
}

/** The message of an error, without secrets, short enough for a person. */
export function textOf({ input }: Parts, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return input.redact(text).slice(0, 2_000);
}
