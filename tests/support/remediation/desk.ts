import { createHash } from 'node:crypto';
import { z } from 'zod';
import { runStates } from '../../../src/core/remediation/run.ts';
import { type Answer, ask } from '../net/http-client.ts';
import { waitUntil } from '../wait-until.ts';

const Run = z.object({
  id: z.string(),
  pipeline: z.string(),
  target: z.string(),
  state: z.enum(runStates),
  reason: z.string(),
  step: z.string(),
  action: z.string().optional(),
  subject: z.string().optional(),
  planHash: z.string().optional(),
  trigger: z.object({ kind: z.string(), breach: z.string().optional() }),
});
export type SeenRun = z.infer<typeof Run>;

const Audit = z.object({
  entries: z.array(z.object({ actor: z.string(), event: z.string(), outcome: z.string() }).loose()),
});

export type Person = 'ida' | 'bea' | 'cem' | 'ada';

const roles = { ida: 'viewer', bea: 'approver', cem: 'approver', ada: 'admin' } as const satisfies Record<
  Person,
  string
>;

/** Remediation over HTTP, as people with tokens use it. */
export interface Desk {
  /** `control` of the agent's file. */
  readonly control: Readonly<Record<string, unknown>>;
  /** With the token of a person, or without any. */
  get(path: string, person?: Person): Promise<Answer>;
  post(path: string, body: unknown, person?: Person): Promise<Answer>;
  runs(): Promise<readonly SeenRun[]>;
  /** The first run that is wanted. */
  run(what: string, isWanted: (run: SeenRun) => boolean, timeoutMs?: number): Promise<SeenRun>;
  approve(run: SeenRun, person?: Person): Promise<Answer>;
  audit(): Promise<z.infer<typeof Audit>['entries']>;
}

export function createDesk(port: number): Desk {
  const url = `http://127.0.0.1:${port}`;
  const bearer = (person: Person | undefined): Record<string, string> =>
    person === undefined ? {} : { authorization: `Bearer token-of-${person}` };
  const get: Desk['get'] = (path, person) => ask(`${url}${path}`, { headers: bearer(person) });
  const post: Desk['post'] = (path, body, person) =>
    ask(`${url}${path}`, { method: 'POST', headers: bearer(person), body: JSON.stringify(body) });
  const runs = async (): Promise<readonly SeenRun[]> => {
    const answer = await get('/api/v1/runs', 'ida');
    return z.object({ runs: z.array(Run) }).parse(JSON.parse(answer.body)).runs;
  };
  return {
    control: {
      listen: `127.0.0.1:${port}`,
      tokens: Object.entries(roles).map(([name, role]) => ({
        name,
        role,
        sha256: createHash('sha256').update(`token-of-${name}`).digest('hex'),
      })),
    },
    get,
    post,
    runs,
    async run(what, isWanted, timeoutMs = 30_000) {
      let seen: readonly SeenRun[] = [];
      const find = async (): Promise<SeenRun | undefined> => {
        seen = await runs();
        return seen.find(isWanted);
      };
      return waitUntil(what, find, { timeoutMs, everyMs: 100 }).catch((error: unknown) => {
        throw new Error(`no ${what} among ${JSON.stringify(seen)}`, { cause: error });
      });
    },
    approve: ({ id, planHash }, person = 'bea') => post(`/api/v1/runs/${id}/approve`, { planHash }, person),
    async audit() {
      const answer = await get('/api/v1/audit?limit=1000', 'ida');
      return Audit.parse(JSON.parse(answer.body)).entries;
    },
  };
}
