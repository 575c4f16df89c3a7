import type { Totals } from './totals.ts';

export interface Step {
  readonly name: string;
  /** Why there is nothing to do; undefined when there is. */
  readonly skipped?: () => string | undefined;
  /** Does it; throws with all that an engineer needs to see. */
  readonly run: () => Promise<void>;
}

/** Runs a step and says in one line what came of it. What failed prints its reason first and does not stop what follows. */
export async function runStep(step: Step): Promise<Totals> {
  const reason = step.skipped?.();
  if (reason !== undefined) {
    console.log(`--    ${step.name}: ${reason}`);
    return { passed: 0, failed: 0 };
  }
  const startedMs = performance.now();
  try {
    await step.run();
    console.log(`ok    ${step.name}  ${formatSeconds(startedMs)}`);
    return { passed: 1, failed: 0 };
  } catch (thrown) {
    console.log(thrown instanceof Error ? thrown.message : String(thrown));
    console.log(`FAIL  ${step.name}  ${formatSeconds(startedMs)}`);
    return { passed: 0, failed: 1 };
  }
}

export function formatSeconds(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}
