import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import type { ControlRole } from '../core/control-role.ts';
import type { ControlAnswer, RemediationControl } from '../core/remediation/control.ts';
import { renderRunReport } from '../core/remediation/run-report-text.ts';
import { type Caller, refuseRole } from './control-access.ts';
import { html } from './html.ts';
import { jsonReply } from './json-reply.ts';
import type { Reply } from './listener.ts';
import { pageReply } from './page-frame.ts';
import {
  readAuditRange,
  readDrillFilter,
  readRequest,
  readRunFilter,
  requests,
  startLimits,
} from './remediation-requests.ts';
import type { BodyLimits } from './request-body.ts';

export interface RemediationRoute {
  readonly method: 'GET' | 'POST';
  /** `<id>` stands for the id of a run. */
  readonly path: string;
  readonly needs: ControlRole;
  readonly handle: (asked: RemediationAsked) => Promise<Reply>;
}

export interface RemediationAsked {
  readonly control: RemediationControl;
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly id: string;
  readonly caller: Caller;
  readonly now: number;
}

/** A reply that was made before remediation was asked; what remediation refuses it writes down itself. */
export function isRefused({ status, headers }: Reply): boolean {
  return (status === 400 || status === 403 || status === 413) && headers?.['content-type'] === undefined;
}

export const remediationTable: readonly RemediationRoute[] = [
  { method: 'GET', path: '/runs/<id>', needs: 'viewer', handle: showRunPage },
  { method: 'GET', path: '/api/v1/runs', needs: 'viewer', handle: listRuns },
  { method: 'GET', path: '/api/v1/runs/<id>', needs: 'viewer', handle: showRun },
  posted(
    '/api/v1/runs',
    'approver',
    requests.start,
    ({ control }, { pipeline, target, subject, request }, by) =>
      control.start({
        pipeline,
        target,
        by,
        ...(subject === undefined ? {} : { subject }),
        ...(request === undefined ? {} : { request }),
      }),
    startLimits,
  ),
  posted('/api/v1/runs/<id>/approve', 'approver', requests.decision, ({ control, id }, body, by) =>
    control.approve(id, { planHash: body.planHash, comment: body.comment, by }),
  ),
  posted('/api/v1/runs/<id>/reject', 'approver', requests.decision, ({ control, id }, body, by) =>
    control.reject(id, { planHash: body.planHash, comment: body.comment, by }),
  ),
  posted(
    '/api/v1/runs/<id>/cancel',
    'approver',
    requests.cancel,
    ({ control, id, caller }, { undo }, by) =>
      (undo ? refuseRole(caller, 'admin') : undefined) ?? control.cancel(id, by, undo),
  ),
  posted('/api/v1/runs/<id>/retry', 'approver', requests.retry, ({ control, id }, _, by) =>
    control.retry(id, by),
  ),
  posted(
    '/api/v1/runs/<id>/acknowledge',
    'approver',
    requests.acknowledge,
    ({ control, id }, { comment }, by) => control.acknowledge(id, by, comment),
  ),
  posted('/api/v1/pause', 'admin', requests.pause, ({ control }, { reason, abort }, by) =>
    control.pause(by, reason, abort),
  ),
  posted('/api/v1/resume', 'admin', requests.resume, ({ control }, _, by) => control.resume(by)),
  posted('/api/v1/actions/enable', 'admin', requests.enable, ({ control }, { target, action }, by) =>
    control.enable(target, action, by),
  ),
  {
    method: 'GET',
    path: '/api/v1/remediation',
    needs: 'viewer',
    handle: async ({ control }) => jsonReply(200, await control.status()),
  },
  { method: 'GET', path: '/api/v1/drills', needs: 'viewer', handle: listDrills },
  { method: 'GET', path: '/api/v1/audit', needs: 'viewer', handle: listAudit },
  {
    method: 'GET',
    path: '/api/v1/audit/verify',
    needs: 'viewer',
    handle: async ({ control }) => jsonReply(200, await control.verifyAudit()),
  },
];

/** A route that decides something: who does it is what the token says, or on the socket what the request says. */
function posted<T extends { readonly as?: string | undefined }>(
  path: string,
  needs: ControlRole,
  schema: z.ZodType<T>,
  decide: (asked: RemediationAsked, body: T, by: string) => Promise<ControlAnswer> | Reply,
  within?: BodyLimits,
): RemediationRoute {
  const handle = async (asked: RemediationAsked): Promise<Reply> => {
    const body = await readRequest(asked.request, schema, within);
    if ('status' in body) return body;
    const { caller } = asked;
    if (body.value.as !== undefined && caller.maySayWho !== true) return saysWho;
    const answer = await decide(asked, body.value, body.value.as ?? caller.name);
    return 'status' in answer ? answer : jsonReply(statusOf(answer), answer);
  };
  return { method: 'POST', path, needs, handle };
}

const saysWho: Reply = {
  status: 400,
  body: 'as: the token says who you are; only requests on the control socket may name somebody\n',
};

function statusOf(answer: ControlAnswer): number {
  if (answer.ok) return 200;
  const statuses = { not_found: 404, conflict: 409, refused: 409, unavailable: 503 } as const;
  return statuses[answer.code];
}

async function listRuns({ control, query }: RemediationAsked): Promise<Reply> {
  const filter = readRunFilter(query);
  if ('problem' in filter) return { status: 400, body: `${filter.problem}\n` };
  return jsonReply(200, { runs: await control.runs(filter) });
}

async function showRun({ control, id }: RemediationAsked): Promise<Reply> {
  const report = await control.show(id);
  return report === undefined ? noSuchRun : jsonReply(200, report);
}

/** The page that breaches link to: the text of `reeve runs show`. */
async function showRunPage({ control, id, now }: RemediationAsked): Promise<Reply> {
  const report = await control.show(id);
  if (report === undefined) return noSuchRun;
  const lines = renderRunReport(report, { now, commandOf: (words) => `reeve ${words}` });
  return pageReply(200, `Run ${id}`, [
    html`<p><a href="../breaches">All open breaches</a></p>`,
    html`<pre>${lines}</pre>`,
  ]);
}

async function listDrills({ control, query }: RemediationAsked): Promise<Reply> {
  const filter = readDrillFilter(query);
  if ('problem' in filter) return { status: 400, body: `${filter.problem}\n` };
  return jsonReply(200, { drills: await control.drills(filter.target, filter.limit) });
}

async function listAudit({ control, query }: RemediationAsked): Promise<Reply> {
  const range = readAuditRange(query);
  if ('problem' in range) return { status: 400, body: `${range.problem}\n` };
  return jsonReply(200, { entries: await control.audit(range.from, range.limit) });
}

const noSuchRun: Reply = { status: 404, body: 'there is no run with this id: reeve runs list names them\n' };
