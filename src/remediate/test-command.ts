import { keepEvidence } from './evidence.ts';
import type { Parts } from './parts.ts';
import { saysNothing, textOf } from './points.ts';

export interface TestRequest {
  readonly testCommand: readonly string[];
  /** For the evidence: after what it runs. */
  readonly when: string;
  readonly signal: AbortSignal;
}

const longestOutput = 4_000;

/** Runs the user's test; what is wrong, or undefined when it passed. A program that cannot be started has not passed. */
export async function runTest(
  parts: Parts,
  runId: string,
  request: TestRequest,
): Promise<string | undefined> {
  const { testCommand, when, signal } = request;
  const name = testCommand[0] ?? '';
  const result = await resultOf(parts, request);
  await keepEvidence(parts, runId, {
    kind: 'test',
    title: `${name} after ${when}: ${result.code === 0 ? 'passed' : 'failed'}`,
    body: { command: testCommand, code: result.code, output: result.output.slice(-longestOutput) },
  });
  signal.throwIfAborted();
  return result.code === 0
    ? undefined
    : `the test command (${name}) failed after ${when} with exit code ${result.code}`;
}

async function resultOf(
  parts: Parts,
  { testCommand, signal }: TestRequest,
): Promise<{ readonly code: number; readonly output: string }> {
  try {
    return await parts.input.runCommand(testCommand, signal);
  } catch (error) {
    if (saysNothing(error, signal)) throw error;
    return { code: -1, output: textOf(parts, error) };
  }
}
