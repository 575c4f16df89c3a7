import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { RunFilter } from '../core/ports/remediation-records.ts';
import { runStates } from '../core/remediation/run.ts';
import { pipelineIds } from '../core/remediation/settings.ts';
import type { QueryProblem } from './breach-query.ts';
import type { Reply } from './listener.ts';
import { type BodyLimits, readBody, refuseBody } from './request-body.ts';

/** What people send to remediation: small, strict JSON. */

const limits = { mostBytes: 16 * 1024, deadlineMs: 10_000 } as const;
/** The files of migrations come with the request that starts a run. */
export const startLimits = { mostBytes: 2 * 1024 * 1024, deadlineMs: 30_000 } as const;

/** Of one answer. */
const mostRuns = 1_000;
const usualRuns = 100;
const mostAuditLines = 1_000;
const mostDrills = 100;
const usualDrills = 10;

/** No store keeps a NUL: what somebody says is never why a decision, or a pause, is refused. */
const sentence = z
  .string()
  .max(1_000)
  .transform((text) => text.replaceAll('\0', ''))
  .default('');
const name = z.string().min(1).max(256);
/** Which person it is, where only the owner of the store is known. */
const as = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,63}$/u,
    'must be a name of at most 64 letters, digits, ., _, @ or -',
  )
  .optional();

export const requests = {
  decision: z.strictObject({
    planHash: z
      .string()
      .regex(/^[0-9a-f]{12,64}$/, 'must be the hash of the plan that you were shown, 64 hexadecimal digits'),
    comment: sentence,
    as,
  }),
  cancel: z.strictObject({ undo: z.boolean().default(false), as }),
  retry: z.strictObject({ as }),
  start: z.strictObject({
    pipeline: z.enum(pipelineIds),
    target: name,
    subject: name.optional(),
    request: z.record(z.string(), z.json()).optional(),
    as,
  }),
  acknowledge: z.strictObject({ comment: sentence, as }),
  pause: z.strictObject({ reason: sentence, abort: z.boolean().default(false), as }),
  resume: z.strictObject({ as }),
  enable: z.strictObject({ target: name, action: name, as }),
} as const;

/** Reads a request's body; an empty one says nothing. A refusal when it is not understood. */
export async function readRequest<T>(
  request: IncomingMessage,
  schema: z.ZodType<T>,
  within: BodyLimits = limits,
): Promise<{ readonly value: T } | Reply> {
  const reading = await readBody(request, within);
  if (reading.kind !== 'read') return refuseBody(reading.kind, within);
  const json = parseJson(reading.body.toString('utf8'));
  if (json === undefined) return { status: 400, body: 'the body is not JSON\n' };
  const parsed = schema.safeParse(json.value);
  if (parsed.success) return { value: parsed.data };
  return { status: 400, body: `the body is not what is asked for:\n${z.prettifyError(parsed.error)}\n` };
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  if (text.trim() === '') return { value: {} };
  try {
    return { value: JSON.parse(text) };
  } catch {
    // No JSON is an answer.
    return undefined;
  }
}

/** `target`, `pipeline`, `state` (may be repeated), `breach` and `limit`. */
export function readRunFilter(query: URLSearchParams): RunFilter | QueryProblem {
  const whole = z.coerce.number().int().min(1).max(mostRuns).default(usualRuns);
  const schema = z.strictObject({
    target: name.optional(),
    pipeline: z.enum(pipelineIds).optional(),
    state: z.array(z.enum(runStates)).optional(),
    breach: name.optional(),
    limit: whole,
  });
  const states = query.getAll('state');
  const parsed = schema.safeParse({
    ...Object.fromEntries([...query].filter(([key]) => key !== 'state')),
    ...(states.length === 0 ? {} : { state: states }),
  });
  if (!parsed.success) return { problem: z.prettifyError(parsed.error) };
  const { target, pipeline, state, breach, limit } = parsed.data;
  return {
    ...(target === undefined ? {} : { target }),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(state === undefined ? {} : { states: state }),
    ...(breach === undefined ? {} : { breach }),
    limit,
  };
}

/** `target` and `limit`. */
export function readDrillFilter(
  query: URLSearchParams,
): { readonly target: string; readonly limit: number } | QueryProblem {
  const parsed = z
    .strictObject({
      target: name,
      limit: z.coerce.number().int().min(1).max(mostDrills).default(usualDrills),
    })
    .safeParse(Object.fromEntries(query));
  return parsed.success ? parsed.data : { problem: z.prettifyError(parsed.error) };
}

/** `from` (a line's number, 1 unless set) and `limit`. */
export function readAuditRange(
  query: URLSearchParams,
): { readonly from: number; readonly limit: number } | QueryProblem {
  const parsed = z
    .strictObject({
      from: z.coerce.number().int().min(1).default(1),
      limit: z.coerce.number().int().min(1).max(mostAuditLines).default(usualRuns),
    })
    .safeParse(Object.fromEntries(query));
  return parsed.success ? parsed.data : { problem: z.prettifyError(parsed.error) };
}
