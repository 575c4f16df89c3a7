/**
 * `npm test`: prepares the machine, runs every gate and every test, and ends with `N passed, N failed`. Arguments are handed to vitest,
 * which then runs alone: `npm test -- collectors/redis`.
 */

import { gates } from './run/gates.ts';
import { preparations } from './run/prepare.ts';
import { runStep } from './run/step.ts';
import { formatTotals, sumTotals, type Totals } from './run/totals.ts';
import { runVitest } from './run/vitest.ts';

const vitestArguments = process.argv.slice(2);
const totals: Totals[] = [];

for (const step of preparations) totals.push(await runStep(step));

if (vitestArguments.length > 0) {
  totals.push(await runVitest(vitestArguments));
} else {
  for (const step of gates.beforeTests) totals.push(await runStep(step));
  totals.push(await runVitest([]));
  for (const step of gates.afterTests) totals.push(await runStep(step));
}

const total = sumTotals(totals);
process.exitCode = total.failed > 0 ? 1 : 0;
console.log(`\n${formatTotals(total)}`);
