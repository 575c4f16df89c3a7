import { type ObjectiveId, objectiveIds } from '../core/objective.ts';
import type { BreachFilter } from '../core/ports/objective-records.ts';

/** What of the objectives is asked for. */
export interface SubjectQuery {
  readonly target?: string;
  readonly objective?: ObjectiveId;
  /** An empty one is the target as a whole. */
  readonly subject?: string;
}

export interface QueryProblem {
  readonly problem: string;
}

/** Of one answer. */
const mostBreaches = 1_000;
const usualBreaches = 100;

const breachParameters: readonly string[] = ['target', 'objective', 'subject', 'open', 'limit'];

/** `target`, `objective` and `subject`; others are ignored, because chats and mail programs add their own to links. */
export function readSubjectQuery(query: URLSearchParams): SubjectQuery | QueryProblem {
  const target = query.get('target');
  const objective = query.get('objective') ?? '';
  const subject = query.get('subject');
  if (objective !== '' && !isObjectiveId(objective))
    return { problem: `there is no such objective; there are ${objectiveIds.join(', ')}` };
  return {
    ...(target === null || target === '' ? {} : { target }),
    ...(isObjectiveId(objective) ? { objective } : {}),
    ...(subject === null ? {} : { subject }),
  };
}

/** `target`, `objective`, `subject`, `open` (`true`: open ones only) and `limit`. */
export function readBreachFilter(query: URLSearchParams): BreachFilter | QueryProblem {
  const unknown = [...query.keys()].find((name) => !breachParameters.includes(name));
  if (unknown !== undefined)
    return { problem: `there is no such parameter; there are ${breachParameters.join(', ')}` };
  const subject = readSubjectQuery(query);
  if ('problem' in subject) return subject;
  const open = query.get('open') ?? 'false';
  if (open !== 'true' && open !== 'false') return { problem: 'open must be true or false' };
  const limit = Number(query.get('limit') ?? usualBreaches);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= mostBreaches))
    return { problem: `limit must be a whole number from 1 to ${mostBreaches}` };
  return { ...subject, ...(open === 'true' ? { open: true } : {}), limit };
}

function isObjectiveId(text: string): text is ObjectiveId {
  return objectiveIds.some((id) => id === text);
}
