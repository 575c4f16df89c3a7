import {
  type CheckedStatement,
  type OperationContext,
  type QueryCheckReport,
  type QueryCheckRequest,
  type Refusal,
  sessionName,
} from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import type { ActingSession } from '../acting-client.ts';
import { type JudgedStatement, judgeStatements } from '../sql-judge.ts';
import { askSquawk, type SquawkFinding } from '../squawk.ts';
import { checkPlan } from './check-plan.ts';
import { presentable } from './statement-text.ts';

const waitForLockMs = 60_000;

/** What EXPLAIN takes; other statements are judged by their text alone. */
const explained: ReadonlySet<string> = new Set([
  'SelectStmt',
  'UpdateStmt',
  'DeleteStmt',
  'InsertStmt',
  'MergeStmt',
]);

/**
 * Judges the statements of a file: by the parser first, then, where nothing is wrong with the text, by their plans on this server, which is
 * a rehearsal target. What only reads is run, in a transaction that may only read and is rolled back; what writes is planned.
 *
 * @throws {ActRefused} {@link CollectError} when the server cannot be used.
 */
export async function checkQueries(
  access: Access,
  request: QueryCheckRequest,
  context: OperationContext,
): Promise<QueryCheckReport> {
  const judged = await judgeStatements(request.text);
  const squawk = await askSquawk(request.text, context.signal);
  const findings = 'findings' in squawk ? squawk.findings : [];
  const byText = judged.map((each, index) => ({
    judged: each,
    faults: [...textFaults(each), ...lintFaults(findings, each.line, judged[index + 1]?.line)],
  }));
  const needsServer = byText.some(({ judged: each, faults }) => faults.length === 0 && isExplained(each));
  const check = (session: ActingSession | undefined): Promise<readonly CheckedStatement[]> =>
    checkAll(session, byText, request, context);
  const on = access.input.target.id;
  if (!needsServer) return { on, statements: await check(undefined) };
  const { applicationName, options } = access.input;
  const database = await access.reading(undefined, context.signal, async (connection) => connection.database);
  const name = sessionName(applicationName, context.runId);
  const login = {
    ...access,
    input: { ...access.input, credentials: access.input.credentials ?? options.url },
  };
  const place = { sessionName: name, place: undefined, database, waitForLockMs, signal: context.signal };
  return { on, statements: await login.acting(place, check) };
}

async function checkAll(
  session: ActingSession | undefined,
  statements: readonly { readonly judged: JudgedStatement; readonly faults: readonly Refusal[] }[],
  request: QueryCheckRequest,
  { signal }: OperationContext,
): Promise<readonly CheckedStatement[]> {
  const checked: CheckedStatement[] = [];
  for (const { judged, faults } of statements) {
    const text = (await presentable(judged.text)) ?? '';
    const isPlanned = session !== undefined && faults.length === 0 && isExplained(judged);
    const outcome = isPlanned
      ? await checkPlan(session, judged.text, checked.length, request, signal)
      : { faults, explain: '', milliseconds: null, suggestions: [] };
    const verdict = outcome.faults.length > 0 ? 'failed' : isPlanned ? 'passed' : 'not_run';
    checked.push({ line: judged.line, text, verdict, ...outcome });
  }
  return checked;
}

function isExplained({ statement }: JudgedStatement): boolean {
  return statement !== undefined && explained.has(statement.node.kind);
}

function textFaults({ violations }: JudgedStatement): readonly Refusal[] {
  return violations.map(({ id, text }) => ({ id, text }));
}

/** Findings between this statement and the next. */
function lintFaults(
  findings: readonly SquawkFinding[],
  line: number,
  next: number | undefined,
): readonly Refusal[] {
  return findings
    .filter((finding) => finding.line >= line && (next === undefined || finding.line < next))
    .map(({ rule, text }) => ({ id: `squawk_${rule.replaceAll('-', '_')}`, text }));
}
