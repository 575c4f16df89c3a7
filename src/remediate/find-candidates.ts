import type { Candidate, FindRequest, Operations } from '../core/remediation/operations.ts';
import { openStates, type Run } from '../core/remediation/run.ts';
import { withEvidence } from './evidence.ts';
import type { Parts } from './parts.ts';
import type { Pipeline } from './pipeline.ts';
import { saysNothing, textOf } from './points.ts';

export interface Found {
  /** Most valuable first; those left half done before all others. */
  readonly candidates: readonly Candidate[];
  /** Why something was left out or could not be looked for. */
  readonly notes: readonly string[];
}

/** What the engine says could be done. Only reads. */
export async function findCandidates(
  parts: Parts,
  run: Run,
  pipeline: Pipeline,
  operations: Operations,
  signal: AbortSignal,
): Promise<Found> {
  const notes: string[] = [];
  const candidates: Candidate[] = [];
  const limit =
    run.trigger.kind === 'schedule'
      ? (pipeline.schedule?.candidateLimit ?? pipeline.candidateLimit)
      : pipeline.candidateLimit;
  const subject = breachSubject(parts, run);
  for (const action of wantedActions(run, pipeline, operations)) {
    try {
      const found = await withEvidence(parts, run.id, signal, (context) =>
        action.find({ subject, only: run.subject, limit, ...broughtBy(run) }, context),
      );
      candidates.push(...found);
    } catch (error) {
      if (saysNothing(error, signal)) throw error;
      notes.push(`${action.id} could not be looked for: ${textOf(parts, error)}`);
    }
  }
  const free = await withoutTaken(parts, run, candidates, notes);
  if (free.length === 0 && candidates.length === 0 && notes.length > 0) throw new Error(notes.join('; '));
  return { candidates: free.slice(0, limit), notes };
}

function broughtBy({ trigger: { request } }: Run): Pick<FindRequest, 'request'> {
  return request === undefined ? {} : { request };
}

/** All of the pipeline; the second of two, such as the drop of a hidden index, only when it was asked for. */
function wantedActions(
  run: Run,
  { id, custodian }: Pipeline,
  { actions }: Operations,
): Operations['actions'] {
  const second = new Set(actions.map(({ followUp }) => followUp));
  const own = actions.filter(
    ({ pipeline, id: action }) =>
      pipeline === id && (run.action === undefined ? !second.has(action) : run.action === action),
  );
  const isCustodian = (action: string): boolean => custodian.includes(action);
  return own.toSorted((one, other) => Number(isCustodian(other.id)) - Number(isCustodian(one.id)));
}

/** The database or member that a breach is about. */
export function breachSubject({ input }: Parts, { trigger }: Run): string | undefined {
  if (trigger.breach === undefined) return undefined;
  const [breach] = input.breaches({ fingerprint: trigger.breach });
  return breach === undefined || breach.subject === '' ? undefined : breach.subject;
}

/** What another open run is about already is its business; what was reverted here waits for a person. */
async function withoutTaken(
  { records }: Parts,
  run: Run,
  candidates: readonly Candidate[],
  notes: string[],
): Promise<readonly Candidate[]> {
  // Of the many that have ended nobody has to read one.
  const others = await records.runs({ target: run.target, states: openStates });
  const disabled = await records.disabledActions();
  return candidates.filter(({ action, subject }) => {
    const taken = others.find(
      (other) => other.id !== run.id && other.subject === subject && other.action === action,
    );
    if (taken !== undefined) notes.push(`${subject}: run ${taken.id} is about it already (${taken.state})`);
    const off = disabled.find((each) => each.target === run.target && each.action === action);
    if (off !== undefined)
      notes.push(
        `${subject}: ${action} is disabled on ${run.target} since run ${off.runId} (${off.reason}): reeve runs enable ${run.target} ${action}`,
      );
    return taken === undefined && off === undefined;
  });
}
