import { printable } from '../core/printable.ts';
import { formatQuantity } from '../core/quantity.ts';
import type { DrillProof } from '../core/remediation/proof.ts';
import { momentText } from '../core/remediation/run-report-text.ts';
import type { CommandLine } from './command-line.ts';
import { alignRows } from './text-table.ts';

const verdicts = { passed: 'ok', failed: 'FAILED', not_done: 'not done' } as const;

/** What a drill came to: the verdict first, then how long it took and how much would be lost, then every check. */
export function renderDrill(proof: DrillProof, commandOf: CommandLine): string {
  const { target, verdict, chain, backup, takenAt, recoveryMs, lossMs, text, checks, counts } = proof;
  const isVerified = verdict === 'verified';
  const lines = [
    `${isVerified ? 'VERIFIED' : 'FAILED'}: ${target}, backup ${backup === '' ? '(none)' : backup}${chain === '' ? '' : ` of chain ${chain}`}`,
    text,
    '',
    ...alignRows([
      ['Backup of', takenAt === null ? 'unknown' : momentText(takenAt)],
      ['Recovery took', durationOf(recoveryMs)],
      ['Would be lost', durationOf(lossMs)],
      ['Counts as restore test', counts ? 'yes' : 'no'],
    ]),
    '',
    ...(checks.length === 0
      ? ['Nothing was checked.']
      : alignRows([
          ['CHECK', 'VERDICT', 'DETAIL'],
          ...checks.map(({ name, verdict: each, detail }) => [
            printable(name),
            verdicts[each],
            printable(detail),
          ]),
        ])),
    '',
    isVerified
      ? `Recovery procedure: ${commandOf(`drill ${target} --runbook`)}`
      : `Mend what failed, then: ${commandOf(`drill ${target}`)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Parts of a second count: a small backup is back in less. */
export function durationOf(ms: number | null): string {
  if (ms === null) return 'unknown';
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : formatQuantity(Math.round(ms / 1_000), 'seconds');
}
