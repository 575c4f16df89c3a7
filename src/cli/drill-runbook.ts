import type { DrillProof } from '../core/remediation/proof.ts';
import { momentText } from '../core/remediation/run-report-text.ts';
import { durationOf } from './drill-report.ts';

/** The recovery procedure, as Markdown: the steps of a drill that worked, in their order, with the time that each took. */
export function renderRunbook(proof: DrillProof): string {
  const { target, engine, chain, backup, at, recoveryMs, lossMs, steps, checks, runId } = proof;
  const lines = [
    `# Recovery of ${target} (${engine}) from chain ${chain}`,
    '',
    `Written from the restore drill of ${momentText(at)} (run ${runId}), which restored backup \`${backup}\` and verified it. It took ${durationOf(recoveryMs)};`,
    `data of the last ${durationOf(lossMs)} would have been lost. On another machine, with more data or under load it takes longer.`,
    '',
    '## Before',
    '',
    '1. Is the data really gone? A restore beside the damaged server, and a copy of what is missing, loses less than a restore over it.',
    '2. Stop what writes to the target, and keep the damaged files: they are evidence, and may hold newer data than the backup.',
    '3. What stands in angle brackets is yours to fill in: folder, host, port, credentials.',
    '',
    '## Steps',
    '',
    ...steps.flatMap(({ name, command, durationMs, detail }, index) => [
      `${index + 1}. **${name}** (took ${durationOf(durationMs)})${detail === '' ? '' : `: ${detail}`}`,
      ...(command === ''
        ? []
        : ['', ...['```sh', ...command.split('\n'), '```'].map((line) => `   ${line}`)]),
      '',
    ]),
    '## How to tell that it worked',
    '',
    ...checks.map(({ name, detail }) => `- ${name}: ${detail}`),
    '',
    `Make it new after every change of the backup: \`reeve drill ${target} --runbook\`.`,
  ];
  return `${lines.join('\n')}\n`;
}
