import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import { breachPage } from './breach-page.ts';
import { readBreachFilter, readSubjectQuery } from './breach-query.ts';
import { type Access, isReply, refuseRole } from './control-access.ts';
import type { ControlApi } from './control-api.ts';
import { jsonReply } from './json-reply.ts';
import type { Handler, Reply } from './listener.ts';
import { createRemediationRoutes } from './remediation-routes.ts';
import { takeDelivery } from './webhook.ts';

export interface ControlRoutesInput {
  readonly api: ControlApi;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
}

interface Route {
  readonly method: 'GET' | 'POST';
  /** Ends in `/` where a name follows. */
  readonly path: string;
  /** Who may; `anybody`: without a token; `sender`: the handler sees to it. */
  readonly needs: 'viewer' | 'admin' | 'anybody' | 'sender';
  readonly handle: (asked: Asked) => Reply | Promise<Reply>;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  /** What follows the route's path. */
  readonly name: string;
}

/** The control interface, the same on the socket and over TCP: what differs is who may ask. */
export function createControlRoutes(input: ControlRoutesInput): Handler {
  const routes = controlRoutes(input);
  const remediation = createRemediationRoutes(input);
  const paths = [...routes.map((each) => each.path), ...remediation.paths];
  return (request, path) => {
    const query = new URLSearchParams(/\?(.*)$/s.exec(request.url ?? '')?.[1]);
    const remedied = remediation.handle({ request, path, query });
    if (remedied !== undefined) return remedied;
    const route = routes.find((each) =>
      each.path.endsWith('/') ? path.startsWith(each.path) : path === each.path,
    );
    if (route === undefined) return { status: 404, body: `not found; there are ${paths.join(', ')}\n` };
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (method !== route.method)
      return {
        status: 405,
        headers: { allow: route.method },
        body: `method not allowed: use ${route.method}\n`,
      };
    const refusal = refuse(route.needs, request, input.access);
    if (refusal !== undefined) return refusal;
    return route.handle({ request, query, name: path.slice(route.path.length) });
  };
}

function refuse(needs: Route['needs'], request: IncomingMessage, access: Access): Reply | undefined {
  if (needs === 'anybody' || needs === 'sender') return undefined;
  const caller = access.identify(request);
  return isReply(caller) ? caller : refuseRole(caller, needs);
}

function controlRoutes(input: ControlRoutesInput): readonly Route[] {
  const { api, clock } = input;
  return [
    { method: 'GET', path: '/-/healthy', needs: 'anybody', handle: () => ({ status: 200, body: 'ok\n' }) },
    { method: 'POST', path: '/-/reload', needs: 'admin', handle: () => reload(api) },
    {
      method: 'GET',
      path: '/api/v1/objectives',
      needs: 'viewer',
      handle: () => jsonReply(200, api.scorecard()),
    },
    {
      method: 'GET',
      path: '/api/v1/breaches',
      needs: 'viewer',
      handle: ({ query }) => listBreaches(api, query),
    },
    {
      method: 'GET',
      path: '/api/v1/breaches/',
      needs: 'viewer',
      handle: ({ name }) => showBreach(api, name),
    },
    {
      method: 'POST',
      path: '/api/v1/alertmanager',
      needs: 'sender',
      handle: ({ request }) => takeDelivery(request, { ...input, takeAlert: api.takeAlert }),
    },
    { method: 'GET', path: '/breaches', needs: 'viewer', handle: ({ query }) => showPage(api, query, clock) },
    { method: 'GET', path: '/runbooks/', needs: 'anybody', handle: ({ name }) => showRunbook(api, name) },
  ];
}

async function reload(api: ControlApi): Promise<Reply> {
  const { ok, text } = await api.reload();
  return { status: ok ? 200 : 400, body: `${text}\n` };
}

function listBreaches(api: ControlApi, query: URLSearchParams): Reply {
  const filter = readBreachFilter(query);
  if ('problem' in filter) return badRequest(filter.problem);
  return jsonReply(200, { breaches: api.breaches(filter) });
}

/** Of one breach, newest first. */
const mostEvents = 500;

function showBreach(api: ControlApi, fingerprint: string): Reply {
  const [breach] = /^[0-9a-f]{16}$/.test(fingerprint) ? api.breaches({ fingerprint, limit: 1 }) : [];
  if (breach === undefined) return { status: 404, body: 'there is no breach with this fingerprint\n' };
  const { target, objective, subject, since } = breach;
  const events = api
    .events({ target, objective, subject, since, limit: mostEvents })
    .filter((event) => event.breach?.fingerprint === fingerprint);
  return jsonReply(200, { breach, events });
}

function showPage(api: ControlApi, query: URLSearchParams, clock: Clock): Reply | Promise<Reply> {
  const subject = readSubjectQuery(query);
  return 'problem' in subject ? badRequest(subject.problem) : breachPage(api, subject, clock.now());
}

/** Markdown is for people too; what a file is called is the alert's name and nothing else. */
function showRunbook({ runbook }: ControlApi, name: string): Reply {
  const text = /^[A-Za-z][A-Za-z0-9]*$/.test(name) ? runbook?.(name) : undefined;
  if (text === undefined) return { status: 404, body: 'there is no runbook of this name\n' };
  return { status: 200, headers: { 'x-content-type-options': 'nosniff' }, body: text };
}

function badRequest(problem: string): Reply {
  return { status: 400, body: `${problem}\n` };
}
