import { writeFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';
import type { Tally } from './vitest.ts';

/** Writes how many tests passed and failed, and which were skipped and why, to the file that REEVE_TALLY_FILE names. */
// oxlint-disable-next-line import/no-default-export -- vitest takes a reporter file's default export
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const file = process.env['REEVE_TALLY_FILE'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(tallyOf(modules, unhandledErrors.length)));
  }
}

function tallyOf(modules: readonly TestModule[], unhandledErrors: number): Tally {
  let passed = 0;
  // An error between tests, and a file that could not be loaded or whose hooks failed, hide tests that did not run.
  let failed = unhandledErrors;
  const skipped: Tally['skipped'] = [];
  for (const module of modules) {
    failed += module.errors().length;
    for (const suite of module.children.allSuites()) failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') passed += 1;
      else if (result.state === 'skipped')
        skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, reason: result.note ?? '' });
      else failed += 1;
    }
  }
  return { passed, failed, skipped };
}
