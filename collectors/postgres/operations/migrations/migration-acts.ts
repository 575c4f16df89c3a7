import {
  type Act,
  type ActContext,
  type ActOutcome,
  CollectError,
  type Inspection,
  messageOf,
  type OperationContext,
  type Plan,
} from '../../../../src/sdk.ts';
import { type Access, notBegun } from '../access.ts';
import { ActRefused } from '../act-refused.ts';
import { catalogueSignal } from '../settle.ts';
import { applyFile, type FileReport, RowsLost, undoFile } from './apply-file.ts';
import { FileFault, type FileWork } from './file-transaction.ts';
import { LockBusy, WouldDiscard } from './fitting-values.ts';
import { type JudgedFile, judgeFile } from './judge-migration.ts';
import { applyLone, undoLone } from './lone-file.ts';
import { migrationFactsOf } from './migration-facts.ts';
import { fingerprintOf } from './migration-files.ts';
import { type HistoryRow, prepareHistory, readHistory } from './migration-history.ts';
import { collectingRole, workOf } from './migration-session.ts';

/** How long to wait for another session of ours, such as one whose agent was killed while the server still works on its statement. */
const waitForLockMs = 30_000;
/** Lock timeouts after which a file gives way. */
const attempts = 10;
const worthRetrying = new Set(['55P03', '40P01', '40001']);

/** What the history says of one file. Reads only. */
export async function inspectFile(
  access: Access,
  plan: Plan,
  act: Act,
  { signal }: Pick<OperationContext, 'signal'>,
): Promise<Inspection> {
  const { database } = migrationFactsOf(plan);
  const rows = await access.reading(database, signal, (connection) => readHistory(connection, signal));
  return inspectionOf(
    act,
    rows.find(({ name }) => name === act.id),
  );
}

function inspectionOf(act: Act, row: HistoryRow | undefined): Inspection {
  if (row === undefined) return { state: 'pending', detail: `${act.id} is not applied` };
  if (row.sha256 !== fingerprintOf({ up: act.statement, down: act.undo[0] ?? '' }))
    return { state: 'other', detail: `${act.id} was applied with another text by run ${row.runId}` };
  if (row.state === 'applied') return { state: 'done', detail: `${act.id} is applied` };
  return row.state === 'rehearsing'
    ? { state: 'other', detail: `${act.id} stands there from a rehearsal of run ${row.runId}` }
    : { state: 'half_applied', detail: `${act.id} was begun and is not finished (${row.state})` };
}

/** Applies one file: all of it and its row of the history, or nothing. */
export function applyMigration(
  access: Access,
  plan: Plan,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  return acting(access, plan, act, context, async (work, judged, row) => {
    if (judged.file.tool !== 'reeve')
      return {
        result: 'refused',
        detail: `${act.id} is a file of ${judged.file.tool}, which has to apply it`,
      };
    const seen = inspectionOf(act, row);
    if (seen.state === 'done') return { result: 'already', detail: seen.detail };
    if (seen.state === 'other') return { result: 'refused', detail: seen.detail };
    const entry = { sha256: fingerprintOf(judged.file), runId: plan.runId, state: 'applied' } as const;
    const report = await retried(access, context, async () =>
      judged.isLone
        ? applyLone(access, work, judged, { entry, isResumed: row !== undefined })
        : applyFile(work, judged, entry),
    );
    keepReport(context, `${act.id} was applied`, report);
    return {
      result: 'done',
      detail: `${act.id} was applied in ${report.durationMs} ms; locks that others wait for were held for ${report.lockMs} ms at most; no row was deleted that it does not declare`,
      migration: { durationMs: report.durationMs, lockMs: report.lockMs, rowsLost: 0, verified: true },
    };
  });
}

/** Takes one file back, unless that would discard what was written since. */
export function undoMigration(
  access: Access,
  plan: Plan,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  return acting(access, plan, act, context, async (work, judged, row) => {
    const seen = inspectionOf(act, row);
    if (row === undefined) return { result: 'already', detail: seen.detail };
    if (seen.state === 'other') return { result: 'refused', detail: seen.detail, wouldDiscard: true };
    const report = await retried(access, context, () =>
      judged.isLone ? undoLone(access, work, judged, row) : undoFile(work, judged, row),
    );
    keepReport(context, `${act.id} was rolled back`, report);
    const { durationMs, lockMs, verified } = report;
    return {
      result: 'done',
      detail: `${act.id} was rolled back in ${durationMs} ms; ${verified ? 'everything that it had changed in the schema is as before' : 'NOT everything that it had changed in the schema is as before: compare it by hand'}`,
      migration: { durationMs, lockMs, rowsLost: 0, verified },
    };
  });
}

type Body = (work: FileWork, judged: JudgedFile, row: HistoryRow | undefined) => Promise<ActOutcome>;

async function acting(
  access: Access,
  plan: Plan,
  act: Act,
  context: ActContext,
  body: Body,
): Promise<ActOutcome> {
  const facts = migrationFactsOf(plan);
  const { signal, sessionName } = context;
  const tool = facts.files.find(({ name }) => name === act.id)?.tool ?? 'reeve';
  const judged = await judgeFile({ name: act.id, up: act.statement, down: act.undo[0] ?? '', tool });
  const [refusal] = judged.refusals;
  if (refusal !== undefined) return { result: 'refused', detail: refusal.text };
  const place = { identity: plan.identity, database: facts.database, databaseOid: facts.databaseOid };
  let hasBegun = false;
  try {
    const role = await collectingRole(access, facts.database, signal);
    const request = { sessionName, place, database: facts.database, waitForLockMs, signal };
    return await access.acting(request, async (session) => {
      hasBegun = true;
      await prepareHistory(session, role, signal);
      const work = workOf(access, session, facts, { signal, rehearsed: plan.rehearsal.figures });
      const rows = await readHistory(session, signal);
      return explained(() =>
        body(
          work,
          judged,
          rows.find(({ name }) => name === act.id),
        ),
      );
    });
  } catch (thrown) {
    if (thrown instanceof ActRefused || (!hasBegun && !signal.aborted)) return notBegun(thrown);
    if (!hasBegun)
      return { result: 'gave_up', detail: 'it was interrupted before it began: nothing was done' };
    if (!(thrown instanceof CollectError)) throw thrown;
    return lookAgain(access, plan, act, messageOf(thrown));
  }
}

/** Faults that rolled everything back are outcomes. */
async function explained(body: () => Promise<ActOutcome>): Promise<ActOutcome> {
  try {
    return await body();
  } catch (thrown) {
    if (thrown instanceof RowsLost) return { result: 'refused', detail: thrown.message };
    if (thrown instanceof WouldDiscard)
      return { result: 'refused', detail: thrown.message, wouldDiscard: true };
    if (thrown instanceof LockBusy)
      return { result: 'gave_up', detail: `${thrown.message}: nothing was done` };
    if (!(thrown instanceof FileFault)) throw thrown;
    const detail = `${thrown.message}: everything was rolled back`;
    if (thrown.isStopped || worthRetrying.has(thrown.sqlState)) return { result: 'gave_up', detail };
    return { result: 'refused', detail, wouldDiscard: true };
  }
}

/** Gives way to others for a while and tries again; the lease is looked at before each attempt. */
async function retried<T>(
  { input: { clock, random, policy } }: Access,
  { signal, assertHeld }: ActContext,
  body: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    await assertHeld();
    try {
      return await body();
    } catch (thrown) {
      const isBusy =
        (thrown instanceof FileFault || thrown instanceof LockBusy) && worthRetrying.has(thrown.sqlState);
      if (!isBusy || attempt >= attempts || signal.aborted) throw thrown;
      await clock.sleep(policy.lockTimeoutMs * (0.5 + random()), signal);
    }
  }
}

function keepReport(
  { evidence }: ActContext,
  title: string,
  { measure, durationMs, lockMs, difference }: FileReport,
): void {
  evidence({
    kind: 'act',
    title,
    body: {
      durationMs,
      lockMs,
      statements: measure.statements.slice(0, 200).map((each) => ({ ...each })),
      written: { ...measure.written },
      locks: measure.locks.slice(0, 100).map(({ relation, mode }) => `${mode} on ${relation}`),
      schema: { added: difference.added.slice(0, 50), removed: difference.removed.slice(0, 50) },
    },
  });
}

/** The connection that acted is lost: the history is read by the collecting login. */
async function lookAgain(access: Access, plan: Plan, act: Act, message: string): Promise<ActOutcome> {
  try {
    const seen = await inspectFile(access, plan, act, { signal: catalogueSignal() });
    const detail = `the connection was lost (${message}); ${seen.detail}. The server may still be at it: look again`;
    return { result: seen.state === 'half_applied' ? 'half_applied' : 'failed', detail };
  } catch (thrown) {
    return {
      result: 'failed',
      detail: `the connection was lost (${message}), and nobody knows what became of it: the history cannot be read (${messageOf(thrown)})`,
    };
  }
}
