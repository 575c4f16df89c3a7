import { randomBytes } from 'node:crypto';
import { messageOf } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { EvidenceDraft } from '../core/remediation/evidence.ts';
import type { JsonObject } from '../core/remediation/json.ts';
import type { MigrationFile } from '../core/remediation/migrations.ts';
import { type Action, isRefusal, type Refusal } from '../core/remediation/operations.ts';
import type { PlanDraft, Rehearsal } from '../core/remediation/plan.ts';
import { type CliContext, type ExitCode, exitCodes, UsageError } from './context.ts';
import type { MigrateOptions } from './migrate-options.ts';
import { untilInterrupted } from './until-interrupted.ts';
import { type TargetOperations, withOperations } from './with-operations.ts';

interface CheckOutcome {
  /** What is against the files, with file and line. */
  readonly refusals: readonly Refusal[];
  readonly plan: PlanDraft | undefined;
  readonly rehearsal: Rehearsal | undefined;
}

const deadlineMs = 30 * 60_000;

/** Judges the files and rehearses what is pending, and keeps nothing: for pull requests. */
export async function checkMigrations(
  { files, request }: Omit<Asked, 'signal'>,
  options: MigrateOptions,
  context: CliContext,
): Promise<ExitCode> {
  using interruption = untilInterrupted(context);
  const signal = AbortSignal.any([interruption.signal, AbortSignal.timeout(deadlineMs)]);
  return withOperations(options.target, options, context, async (found) => {
    const outcome = await check(found, { files, request, signal });
    const { redact } = found;
    await context.writeData(
      redact(options.json === true ? `${JSON.stringify(outcome, undefined, 2)}\n` : rendered(files, outcome)),
    );
    const isFine = outcome.refusals.length === 0 && outcome.rehearsal?.verdict !== 'failed';
    return isFine ? exitCodes.ok : exitCodes.notFine;
  });
}

interface Asked {
  readonly files: readonly MigrationFile[];
  readonly request: JsonObject;
  readonly signal: AbortSignal;
}

async function check(
  { operations, operationsOf, configured }: TargetOperations,
  { files, request, signal }: Asked,
): Promise<CheckOutcome> {
  const { engine } = configured.target;
  const action = operations?.actions.find(({ id }) => id === 'apply_migration');
  if (operations?.migrations === undefined || action === undefined)
    throw new UsageError(`Reeve applies no migrations on ${engine}`);
  const judged = await operations.migrations.judgeFiles(files);
  if (judged.length > 0) return { refusals: judged, plan: undefined, rehearsal: undefined };
  const evidence: EvidenceDraft[] = [];
  const context = {
    signal,
    runId: `m-${randomBytes(6).toString('hex')}`,
    evidence: (each: EvidenceDraft) => void evidence.push(each),
  };
  const [candidate] = await action.find({ subject: undefined, only: undefined, limit: 1, request }, context);
  if (candidate === undefined) return { refusals: [], plan: undefined, rehearsal: undefined };
  const plan = await action.plan(candidate, context);
  if (isRefusal(plan)) return { refusals: [plan], plan: undefined, rehearsal: undefined };
  const refusals = (await operations.judge?.(plan)) ?? [];
  if (refusals.length > 0) return { refusals, plan, rehearsal: undefined };
  const on = configured.remediation.rehearsal;
  const there =
    on === undefined ? undefined : (await operationsOf(on))?.actions.find(({ id }) => id === action.id);
  const rehearsal = there === undefined ? nowhere(on) : await rehearse(there, plan, context);
  return { refusals: [], plan, rehearsal };
}

function nowhere(on: string | undefined): Rehearsal {
  const text =
    on === undefined
      ? 'judged only: no remediation.rehearsal is configured'
      : `judged only: the rehearsal target ${on} does not offer migrations`;
  return { on: '', verdict: 'not_possible', text, rows: {}, figures: {} };
}

async function rehearse(
  action: Action,
  plan: PlanDraft,
  context: {
    readonly signal: AbortSignal;
    readonly runId: string;
    readonly evidence: (each: EvidenceDraft) => void;
  },
): Promise<Rehearsal> {
  try {
    return await action.rehearse(plan, { ...context, minimumImprovement: 0 });
  } catch (thrown) {
    context.signal.throwIfAborted();
    return {
      on: '',
      verdict: 'failed',
      text: `it could not be rehearsed: ${messageOf(thrown)}`,
      rows: {},
      figures: {},
    };
  }
}

function rendered(files: readonly MigrationFile[], { refusals, plan, rehearsal }: CheckOutcome): string {
  if (refusals.length > 0)
    return `REFUSED: ${refusals.length} fault(s)\n${refusals.map(({ id, text }) => `  ${id}: ${printable(text)}\n`).join('')}`;
  if (plan === undefined) return `OK: nothing is pending, all ${files.length} files are applied\n`;
  const isFine = rehearsal?.verdict !== 'failed';
  return [
    `${isFine ? 'OK' : 'FAILED'}: ${printable(plan.title)}`,
    ...plan.acts.map(({ summary }) => `  ${printable(summary)}`),
    ...plan.warnings.map((warning) => `  warning: ${printable(warning)}`),
    ...(rehearsal === undefined ? [] : [`  rehearsal ${rehearsal.verdict}: ${printable(rehearsal.text)}`]),
    '',
  ].join('\n');
}
