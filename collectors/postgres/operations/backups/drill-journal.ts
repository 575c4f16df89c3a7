import type { Clock, DrillCheck, DrillStep } from '../../../../src/sdk.ts';

/** What a drill did and found, in order. */
export interface DrillJournal {
  readonly steps: readonly DrillStep[];
  readonly checks: readonly DrillCheck[];
  /** Does one thing and measures it; `command` is what a person would type, with what is particular to the drill in angle brackets. */
  step<T>(name: string, command: string, body: () => Promise<T>, detail?: (value: T) => string): Promise<T>;
  check(name: string, verdict: DrillCheck['verdict'], detail: string): void;
}

export function createJournal(clock: Clock, onStep: (step: string) => void): DrillJournal {
  const steps: DrillStep[] = [];
  const checks: DrillCheck[] = [];
  return {
    steps,
    checks,
    step: async (name, command, body, detail) => {
      onStep(name);
      const begin = clock.monotonicMs();
      const value = await body();
      const durationMs = clock.monotonicMs() - begin;
      steps.push({ name, command, durationMs, detail: detail?.(value) ?? '' });
      return value;
    },
    check: (name, verdict, detail) => void checks.push({ name, verdict, detail }),
  };
}
