import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import { type Access, isReply, refuseRole } from './control-access.ts';
import type { ControlApi, WithoutRemediation } from './control-api.ts';
import type { Reply } from './listener.ts';
import { createRefusalNotes } from './refusal-notes.ts';
import { isRefused, type RemediationRoute, remediationTable } from './remediation-table.ts';

export interface RemediationRoutesInput {
  readonly api: ControlApi;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RemediationRoutes {
  /** For people who ask for something that is not there. */
  readonly paths: readonly string[];
  /** Undefined: none of these routes is asked for. */
  handle(asked: Question): Promise<Reply> | Reply | undefined;
}

interface Question {
  readonly request: IncomingMessage;
  readonly path: string;
  readonly query: URLSearchParams;
}

interface Matched {
  readonly route: RemediationRoute;
  /** What stands for `<id>` in the path. */
  readonly id: string;
}

const none: WithoutRemediation = {
  unavailable: 'remediation does not run in this agent',
};

/** What people ask of remediation over HTTP. Whoever is refused here, before remediation hears of it, is noted in the audit too. */
export function createRemediationRoutes(input: RemediationRoutesInput): RemediationRoutes {
  const notes = createRefusalNotes(input.clock, input.log);
  const patterns = remediationTable.map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replace('<id>', '([^/]*)')}$`),
  }));
  const answer = (matched: Matched, question: Question): Promise<Reply> =>
    answerRoute(matched, question, input, notes);
  return {
    paths: [...new Set(remediationTable.map(({ path }) => path))],
    handle(question) {
      const { method = '' } = question.request;
      const matches = patterns.flatMap(({ route, pattern }) => {
        const match = pattern.exec(question.path);
        return match === null ? [] : [{ route, id: match[1] ?? '' }];
      });
      if (matches.length === 0) return undefined;
      const asked = method === 'HEAD' ? 'GET' : method;
      const matched = matches.find(({ route }) => route.method === asked);
      return matched === undefined ? otherMethod(matches) : answer(matched, question);
    },
  };
}

async function answerRoute(
  { route, id }: Matched,
  { request, query }: Question,
  { api, access, clock, log }: RemediationRoutesInput,
  notes: ReturnType<typeof createRefusalNotes>,
): Promise<Reply> {
  const served = api.remediation?.() ?? none;
  const caller = access.identify(request);
  const actor = isReply(caller)
    ? `somebody at ${request.socket.remoteAddress ?? 'an unknown address'}`
    : caller.name;
  const note = async ({ status, body }: Reply): Promise<void> => {
    if ('unavailable' in served) return;
    const runId = runIdPattern.test(id) ? id : null;
    const reason = typeof body === 'string' ? body.trim() : '';
    await notes.note(served, { actor, request: `${route.method} ${route.path}`, runId, status, reason });
  };
  const refusal = isReply(caller) ? caller : refuseRole(caller, route.needs);
  if (refusal !== undefined || isReply(caller)) {
    const reply = refusal ?? forbidden;
    await note(reply);
    return reply;
  }
  if ('unavailable' in served) return { status: 503, body: `${served.unavailable}\n` };
  if (route.path.includes('<id>') && !runIdPattern.test(id)) return { status: 404, body: noRun };
  try {
    const reply = await route.handle({
      control: served.control,
      request,
      query,
      id,
      caller,
      now: clock.now(),
    });
    if (isRefused(reply)) await note(reply);
    return reply;
  } catch (error) {
    // Whoever asked cannot mend it; the reason may name files and hosts, and the log is where those stand.
    log.error('remediation could not answer', { request: `${route.method} ${route.path}`, error });
    return { status: 503, body: unanswered };
  }
}

const runIdPattern = /^r-[0-9a-f]{12}$/;
const noRun = 'there is no run with this id: reeve runs list names them\n';
const unanswered =
  'it could not be done now, and nothing was decided: the store may be full or out of reach; see the log of reeve, then ask again\n';
const forbidden: Reply = { status: 403, body: 'not allowed\n' };

function otherMethod(matches: readonly Matched[]): Reply {
  const allow = matches.map(({ route }) => route.method).join(', ');
  return { status: 405, headers: { allow }, body: `method not allowed: use ${allow}\n` };
}
