import { InvalidArgumentError, Option } from 'commander';
import type { ControlAnswer, DecisionRequest, RunReport } from '../core/remediation/control.ts';
import { shortHashLength } from '../core/remediation/run-next.ts';
import { renderRunReport } from '../core/remediation/run-report-text.ts';
import { type CliContext, type ExitCode, UsageError } from './context.ts';
import { type DecisionOptions, decide } from './decision-output.ts';
import type { OpenedRemediation } from './open-remediation.ts';

export interface ApproveOptions extends DecisionOptions {
  /** The first digits of the hash that the person saw. */
  readonly plan?: string;
  readonly comment: string;
}

export function planOption(description: string): Option {
  return new Option('--plan <hash>', description).argParser((text: string) => {
    if (/^[0-9a-f]{12,64}$/.test(text)) return text;
    throw new InvalidArgumentError(
      `write at least the first ${shortHashLength} digits of the plan's hash, as runs show prints it.`,
    );
  });
}

/** Allows exactly the plan that the person saw: the one whose hash was given, or the one that is shown now and agreed to. */
export async function approve(id: string, options: ApproveOptions, context: CliContext): Promise<ExitCode> {
  return decide(
    options,
    context,
    async (opened, by) => {
      const report = await opened.control.show(id);
      if (report === undefined) return noRun(id, opened);
      const planHash = await seenPlan(report, options.plan, opened, context);
      if (typeof planHash !== 'string') return planHash;
      return opened.control.approve(id, { planHash, by, comment: options.comment });
    },
    'the approval is written down; the next one executes the plan if that is still what it approves and not expired',
  );
}

/** A person may refuse a plan without having read it. */
export async function reject(id: string, options: ApproveOptions, context: CliContext): Promise<ExitCode> {
  return decide(
    options,
    context,
    async (opened, by) => {
      const report = await opened.control.show(id);
      if (report === undefined) return noRun(id, opened);
      const current = report.run.planHash ?? '';
      const planHash = options.plan === undefined ? current : wholeHash(options.plan, current);
      const decision: DecisionRequest = { planHash, by, comment: options.comment };
      return opened.control.reject(id, decision);
    },
    'the decision is written down',
  );
}

/** What the person saw may not be the plan any more: then it goes as it is to remediation, which refuses it and writes that down. */
function wholeHash(seen: string, current: string): string {
  return current.startsWith(seen) ? current : seen;
}

async function seenPlan(
  report: RunReport,
  given: string | undefined,
  { commandOf }: OpenedRemediation,
  { askPerson, clock, writeNote }: CliContext,
): Promise<string | ControlAnswer> {
  const { run, plan } = report;
  if (given !== undefined) return wholeHash(given, run.planHash ?? '');
  if (plan === undefined)
    return { ok: false, code: 'conflict', text: `run ${run.id} is ${run.state} and has no plan to approve` };
  if (askPerson === undefined) {
    const look = commandOf(`runs show ${run.id}`);
    throw new UsageError(`say which plan you approve: --plan <hash>, as ${look} prints it`);
  }
  writeNote(renderRunReport(report, { now: clock.now(), commandOf }));
  const typed = await askPerson(`\nApprove exactly this plan for ${run.target}? Type yes: `);
  if (typed.trim() === 'yes') return plan.hash;
  return { ok: false, code: 'refused', text: 'nothing was decided' };
}

function noRun(id: string, { commandOf }: OpenedRemediation): ControlAnswer {
  return {
    ok: false,
    code: 'not_found',
    text: `there is no run ${id}: ${commandOf('runs list')} names them`,
  };
}
