import type { CheckedStatement, QueryCheckReport } from '../core/remediation/operations.ts';

const longestText = 120;

/** For people: each fault as `file:line`, what is wrong, and what to write. */
export function renderQueryReport(file: string, { on, statements }: QueryCheckReport): string {
  if (statements.length === 0) return `${file}: no statements\n`;
  const failed = statements.filter(({ verdict }) => verdict === 'failed').length;
  const summary =
    failed === 0
      ? `${count(statements.length)} passed on ${on}`
      : `${failed} of ${count(statements.length)} failed on ${on}`;
  return `${statements.flatMap((each) => statementLines(file, each)).join('\n')}\n${summary}\n`;
}

function statementLines(file: string, statement: CheckedStatement): readonly string[] {
  const { line, text, verdict, faults, explain, milliseconds, suggestions } = statement;
  const place = `${file}:${line}`;
  const took = milliseconds === null ? '' : ` (${milliseconds.toFixed(1)} ms)`;
  const state = verdict === 'not_run' ? 'judged by its text alone' : verdict;
  const shown = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  const lines = [`${place}: ${state}${took}${shown === '' ? '' : `: ${shown}`}`];
  for (const { id, text: why } of faults) lines.push(`  ${id}: ${why.trim()}`);
  for (const suggestion of suggestions) lines.push(`  write: ${suggestion};`);
  if (verdict === 'failed' && explain !== '') lines.push(...explain.split('\n').map((node) => `    ${node}`));
  return lines;
}

function count(statements: number): string {
  return statements === 1 ? '1 statement' : `${statements} statements`;
}
