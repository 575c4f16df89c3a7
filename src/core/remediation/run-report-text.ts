import { printable } from '../printable.ts';
import { formatQuantity } from '../quantity.ts';
import type { RunReport } from './control.ts';
import type { Evidence } from './evidence.ts';
import type { Json } from './json.ts';
import type { Act, Plan, Rehearsal } from './plan.ts';
import type { ActRecord, Approval, Run } from './run.ts';
import { nextOfRun } from './run-next.ts';

export interface ReportOptions {
  /** Unix time in milliseconds. */
  readonly now: number;
  /** Makes a command that a person can paste. */
  readonly commandOf: (words: string) => string;
}

/**
 * Everything about one run, for somebody who must decide on it or mend it: what, why, the exact statements and how they are taken back,
 * what was seen, who allowed it, what was done, and what comes next. Statements stand on one line, control characters as escapes.
 */
export function renderRunReport(
  { run, plan, approval, evidence, acts }: RunReport,
  options: ReportOptions,
): string {
  const lines = [
    ...headLines(run, options),
    ...(plan === undefined ? ['', 'Plan: none (yet)'] : planLines(plan, options.now)),
    ...(approval === undefined ? [] : decisionLines(approval)),
    ...actLines(acts),
    ...evidenceLines(evidence),
  ];
  return `${lines.join('\n')}\n`;
}

/** `2026-11-23T23:48:00Z`. */
export function momentText(time: number): string {
  return formatQuantity(Math.floor(time / 1_000), 'timestamp');
}

export function durationText(durationMs: number): string {
  return formatQuantity(Math.max(0, Math.round(durationMs / 1_000)), 'seconds');
}

function headLines(run: Run, { now, commandOf }: ReportOptions): readonly string[] {
  const { id, action, subject, target, engine, pipeline, state, since, reason, trigger } = run;
  const about = action === undefined ? pipeline : `${action} of ${subject ?? target}`;
  return [
    printable(`Run ${id}: ${about}`),
    ...fields([
      ['Target', `${target} (${engine}), pipeline ${pipeline}`],
      ['State', `${state} since ${momentText(since)} (${durationText(now - since)}), step ${run.step}`],
      ['Why', reason],
      ['Begun', `${momentText(run.createdAt)} by ${run.requestedBy}: ${trigger.text}`],
      ...(run.retries === 0 ? [] : [['Retried', `${run.retries} time(s)`] as const]),
      ['Next', nextOfRun(run, commandOf)],
    ]),
  ];
}

function planLines(plan: Plan, now: number): readonly string[] {
  const { blastRadius, caps, expectation } = plan;
  const left = plan.expiresAt - now;
  const expiry = left > 0 ? `in ${durationText(left)}` : `void since ${durationText(-left)}`;
  return [
    '',
    `Plan ${plan.hash}`,
    ...fields([
      ['What', plan.title],
      ['Made', `${momentText(plan.createdAt)}; expires ${momentText(plan.expiresAt)} (${expiry})`],
      ['For', pairs(plan.identity)],
    ]),
    ...plan.warnings.map((warning) => printable(`  WARNING: ${warning}`)),
    ...plan.acts.flatMap(planActLines),
    ...fields([
      ['Changes', blastRadius.objects.join(', ') || 'nothing that has a name'],
      ['Size', blastRadius.bytes === null ? 'not known' : formatQuantity(blastRadius.bytes, 'bytes')],
      ['Locks', blastRadius.locks.join('; ') || 'none'],
      [
        'Takes',
        blastRadius.estimatedMs === null ? 'not known' : `about ${durationText(blastRadius.estimatedMs)}`,
      ],
      ['Cost', plan.cost],
      ['Good when', expectation.text],
      [
        'Limits',
        `waits ${formatQuantity(caps.lockTimeoutMs / 1_000, 'seconds')} for locks, watched for ${durationText(caps.soakMs)}, ${caps.changesPerDay} change(s) a day on this target`,
      ],
    ]),
    '  Must still hold when it is executed',
    ...plan.preconditions.map(({ id, text }) => printable(`    - ${id}: ${text}`)),
    ...rehearsalLines(plan.rehearsal),
  ];
}

function planActLines({ id, summary, statement, undo, undoKind, locks }: Act): readonly string[] {
  const back = undoKind === 'immediate' ? 'at once' : 'takes time: it is built again';
  return [
    `  Act ${id}: ${summary}`,
    `      ${statement}`,
    `    locks: ${locks}`,
    undo.length === 0 ? '    undo: nothing is needed' : `    undo (${back}):`,
    ...undo.map((each) => `      ${each}`),
  ].map(printable);
}

function rehearsalLines({ on, verdict, text, rows, figures }: Rehearsal): readonly string[] {
  const where = on === '' ? '' : ` on ${on}`;
  return [
    `  Rehearsal${where}: ${verdict}`,
    `    ${text}`,
    ...Object.entries(rows).map(
      ([object, { target, rehearsal }]) => `    rows of ${object}: ${target} here, ${rehearsal} there`,
    ),
    ...Object.entries(figures).map(([name, value]) => `    ${name}: ${jsonText(value)}`),
  ].map(printable);
}

function decisionLines({ decision, by, at, comment, planHash }: Approval): readonly string[] {
  const said = comment === '' ? '' : `: ${comment}`;
  return [
    '',
    printable(`${capital(decision)} by ${by} at ${momentText(at)}, plan ${planHash.slice(0, 12)}${said}`),
  ];
}

function actLines(acts: readonly ActRecord[]): readonly string[] {
  if (acts.length === 0) return ['', 'Acts: none; nothing was changed'];
  return ['', 'Acts', ...acts.flatMap(doneActLines)];
}

function doneActLines({
  act,
  direction,
  statement,
  intentAt,
  outcome,
  outcomeAt,
  detail,
}: ActRecord): readonly string[] {
  const took =
    outcomeAt === undefined ? '' : ` after ${formatQuantity((outcomeAt - intentAt) / 1_000, 'seconds')}`;
  const result = outcome === undefined ? 'begun, and its end is not known (yet)' : `${outcome}${took}`;
  return [
    `  ${momentText(intentAt)}  ${direction} ${act}: ${result}`,
    `      ${statement}`,
    ...(detail === '' ? [] : [`      ${detail}`]),
  ].map(printable);
}

function evidenceLines(evidence: readonly Evidence[]): readonly string[] {
  if (evidence.length === 0) return ['', 'Evidence: none'];
  const lines = evidence.map(({ at, kind, title, id }) => `  ${momentText(at)}  ${kind}: ${title}  [${id}]`);
  return ['', 'Evidence (figures: --json)', ...lines.map(printable)];
}

function fields(rows: readonly (readonly [string, string])[]): readonly string[] {
  return rows.map(([name, text]) => printable(`  ${name.padEnd(10)} ${text}`));
}

function pairs(record: Readonly<Record<string, string>>): string {
  return Object.entries(record)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

function jsonText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
