/** What came of a gate or of all tests. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

export function sumTotals(all: readonly Totals[]): Totals {
  let passed = 0;
  let failed = 0;
  for (const part of all) {
    passed += part.passed;
    failed += part.failed;
  }
  return { passed, failed };
}

/** The last line of a run; whoever counts our tests reads this. */
export function formatTotals({ passed, failed }: Totals): string {
  return `${passed} passed, ${failed} failed`;
}
