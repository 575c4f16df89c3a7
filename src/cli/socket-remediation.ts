import type { z } from 'zod';
import type { RunFilter } from '../core/ports/remediation-records.ts';
import type { ControlAnswer, RemediationControl } from '../core/remediation/control.ts';
import { askControl } from './ask-control.ts';
import { answers } from './remediation-json.ts';

/**
 * Remediation of the daemon that listens on this socket. Whoever opened the socket is the owner of the store, and says by `by` who it is.
 * Every call throws when the daemon does not answer, or answers something else than is asked for.
 */
export function createSocketRemediation(socketPath: string): RemediationControl {
  const ask = async (
    path: string,
    send?: unknown,
  ): Promise<{ readonly status: number; readonly body: string }> => {
    const answer = await askControl(socketPath, path, send === undefined ? {} : { send });
    if (answer === undefined) throw new Error(`the agent at ${socketPath} has ended meanwhile: ask again`);
    return answer;
  };
  const read = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const { status, body } = await ask(path);
    if (status !== 200) throw new Error(refusalOf(status, body));
    return parse(body, schema);
  };
  const decide = async (path: string, send: Readonly<Record<string, unknown>>): Promise<ControlAnswer> => {
    const { status, body } = await ask(path, send);
    const parsed = answers.answer().safeParse(jsonOf(body));
    if (parsed.success) return parsed.data;
    if (status === 200) throw new Error(strange);
    return { ok: false, code: codes[status] ?? 'refused', text: body.trim() };
  };
  const ofRun = (id: string, what: string): string => `/api/v1/runs/${encodeURIComponent(id)}/${what}`;
  return {
    runs: async (filter) => (await read(`/api/v1/runs?${queryOf(filter)}`, answers.runs())).runs,
    show: async (id) => {
      const { status, body } = await ask(`/api/v1/runs/${encodeURIComponent(id)}`);
      if (status === 404) return undefined;
      if (status !== 200) throw new Error(refusalOf(status, body));
      return parse(body, answers.report());
    },
    approve: (id, { by, ...decision }) => decide(ofRun(id, 'approve'), { ...decision, as: by }),
    reject: (id, { by, ...decision }) => decide(ofRun(id, 'reject'), { ...decision, as: by }),
    cancel: (id, by, undo) => decide(ofRun(id, 'cancel'), { undo, as: by }),
    retry: (id, by) => decide(ofRun(id, 'retry'), { as: by }),
    start: ({ by, ...request }) => decide('/api/v1/runs', { ...request, as: by }),
    pause: (by, reason, abort) => decide('/api/v1/pause', { reason, abort, as: by }),
    resume: (by) => decide('/api/v1/resume', { as: by }),
    enable: (target, action, by) => decide('/api/v1/actions/enable', { target, action, as: by }),
    acknowledge: (id, by, comment) => decide(ofRun(id, 'acknowledge'), { comment, as: by }),
    drills: async (target, limit) =>
      (
        await read(
          `/api/v1/drills?${new URLSearchParams({ target, limit: String(limit) }).toString()}`,
          answers.drills(),
        )
      ).drills,
    status: () => read('/api/v1/remediation', answers.status()),
    audit: async (from, limit) =>
      (await read(`/api/v1/audit?from=${from}&limit=${limit}`, answers.audit())).entries,
    verifyAudit: () => read('/api/v1/audit/verify', answers.auditReport()),
  };
}

const codes: Readonly<Record<number, 'not_found' | 'unavailable'>> = { 404: 'not_found', 503: 'unavailable' };
const strange = 'the agent answered something else than was asked for; is it of another version?';

function refusalOf(status: number, body: string): string {
  return `the agent answered ${status}: ${body.trim()}`;
}

function parse<T>(body: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(jsonOf(body));
  if (parsed.success) return parsed.data;
  throw new Error(strange, { cause: parsed.error });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A refusal is a text.
    return undefined;
  }
}

function queryOf({ target, pipeline, states = [], breach, limit }: RunFilter): string {
  const query = new URLSearchParams(states.map((state): [string, string] => ['state', state]));
  const single = { target, pipeline, breach, limit: limit?.toString() };
  for (const [name, value] of Object.entries(single)) if (value !== undefined) query.append(name, value);
  return query.toString();
}
