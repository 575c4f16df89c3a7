import type { RunChange } from '../core/ports/remediation-records.ts';
import type { AuditDraft, AuditEvent } from '../core/remediation/audit.ts';
import type { JsonObject } from '../core/remediation/json.ts';
import { openStates, type Run, type RunState } from '../core/remediation/run.ts';
import type { Parts } from './parts.ts';

/** Who acts when nobody asked: the agent itself. */
export const reeve = 'reeve';

export interface AuditNote {
  readonly actor?: string;
  readonly event: AuditEvent;
  readonly outcome: string;
  readonly statements?: readonly string[];
  readonly detail?: JsonObject;
}

/** An audit line about a run. */
export function auditOf(
  { input }: Parts,
  run: Pick<Run, 'id' | 'target' | 'planHash'> | undefined,
  note: AuditNote,
): AuditDraft {
  return {
    at: input.clock.now(),
    actor: note.actor ?? reeve,
    event: note.event,
    runId: run?.id ?? null,
    target: run?.target ?? null,
    planHash: run?.planHash ?? null,
    statements: note.statements ?? [],
    outcome: input.redact(note.outcome).slice(0, 2_000),
    detail: note.detail ?? {},
  };
}

/** The fields of a run that its own steps change. */
export type RunNews = Omit<RunChange, 'updatedAt' | 'since'>;

const mostTries = 20;

/**
 * Changes a run that is in one of these states, whatever else changed about it meanwhile; undefined when it is in none of them any more.
 * `since` follows the state.
 */
export async function moveRun(
  parts: Parts,
  id: string,
  from: readonly RunState[],
  news: RunNews | ((run: Run) => RunNews),
  note?: AuditNote,
): Promise<Run | undefined> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const run = await parts.records.run(id);
    if (run === undefined || !from.includes(run.state)) return undefined;
    const wanted = typeof news === 'function' ? news(run) : news;
    const now = parts.input.clock.now();
    const isNewState = wanted.state !== undefined && wanted.state !== run.state;
    const reason = wanted.reason === undefined ? {} : { reason: shown(parts, wanted.reason) };
    const change = { ...wanted, ...reason, updatedAt: now, ...(isNewState ? { since: now } : {}) };
    const after = { ...run, ...change };
    const draft = note === undefined ? undefined : auditOf(parts, after, note);
    const moved = await parts.records.change(id, run.revision, change, draft);
    if (moved !== undefined) return moved;
  }
  throw new Error(`run ${id} is changed by others all the time`);
}

/** Ends an open run, once. Undefined when it had ended before. */
export async function endRun(
  parts: Parts,
  id: string,
  state: RunState,
  reason: string,
  detail: JsonObject = {},
): Promise<Run | undefined> {
  const event = state === 'refused' ? 'refused' : 'run_ended';
  const ended = await moveRun(
    parts,
    id,
    openStates,
    { state, reason },
    {
      event,
      outcome: `${state}: ${reason}`,
      detail,
    },
  );
  if (ended === undefined) return undefined;
  const { target, pipeline, action, subject } = ended;
  const urgent = state === 'reverted' || state === 'failed';
  const fields = { run: id, target, pipeline, action, subject, state, reason: ended.reason };
  if (urgent) parts.input.log.error('run ended', fields);
  else parts.input.log.info('run ended', fields);
  return ended;
}

function shown({ input }: Parts, text: string): string {
  return input.redact(text).slice(0, 2_000);
}
