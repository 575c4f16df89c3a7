import { auditOf } from './journal.ts';
import { loadRun } from './loaded-run.ts';
import type { Parts } from './parts.ts';
import { saysNothing, textOf } from './points.ts';

/** Writes what was changed to the file of its kind. A file that cannot be written is said, and reverts nothing. */
export async function changelogStep(parts: Parts, id: string, state: string, result: string): Promise<null> {
  const loaded = await loadRun(parts, id, 'changelog', ['soaking']);
  if (loaded === undefined || 'id' in loaded) return null;
  const { run, plan, workplace } = loaded;
  const file = parts.input.policy().changelog[workplace.action.changelog];
  const acts = await parts.records.acts({ runId: id, since: plan.createdAt });
  const applied = acts.findLast(({ direction }) => direction === 'apply');
  const at = new Date(applied?.outcomeAt ?? run.since).toISOString();
  const text = parts.input.redact(
    [
      `## ${at.slice(0, 10)} · ${run.target} · ${oneLine(plan.title)}`,
      '',
      `Run ${id} (${run.pipeline}, ${plan.action}), ${at}; plan ${plan.hash}.`,
      '',
      ...plan.acts.flatMap(({ summary, statement }) => [
        `- ${oneLine(summary)}`,
        '',
        ...indented(statement),
        '',
      ]),
      `Taken back by:`,
      '',
      ...plan.acts.flatMap(({ undo }) => undo.flatMap(indented)),
      '',
      `Measured: ${state}. ${oneLine(result)}`,
      '',
      '',
    ].join('\n'),
  );
  const outcome = await write(parts, file, text);
  await parts.records.appendAudit(
    auditOf(parts, run, { event: 'changelog_written', outcome, detail: { file, text } }),
  );
  return null;
}

async function write(parts: Parts, file: string, text: string): Promise<string> {
  try {
    await parts.input.writeChangelog(file, text);
    return `written to ${file}`;
  } catch (error) {
    if (saysNothing(error, new AbortController().signal)) throw error;
    const fault = textOf(parts, error);
    parts.input.log.error('changelog not written', { file, error: fault });
    return `not written to ${file}: ${fault}; the text is kept here`;
  }
}

function indented(statement: string): readonly string[] {
  return statement.split('\n').map((line) => `      ${line}`);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
