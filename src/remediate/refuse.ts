import type { ControlAnswer } from '../core/remediation/control.ts';
import type { Run } from '../core/remediation/run.ts';
import { auditOf } from './journal.ts';
import type { Parts } from './parts.ts';
import { textOf } from './points.ts';
import { RecordsRefused } from './watched-records.ts';

type Refused = Extract<ControlAnswer, { readonly ok: false }>;

export interface RefusedRequest {
  /** What was asked: `approve`. */
  readonly what: string;
  readonly by: string;
  readonly run?: Run | undefined;
  /** Id that was asked for, where there is no such run. */
  readonly id?: string;
}

const longestName = 200;

/** Says no, and writes down that somebody asked. */
export async function refuse(
  parts: Parts,
  { what, by, run, id }: RefusedRequest,
  code: Refused['code'],
  text: string,
): Promise<ControlAnswer> {
  const detail = { what, code, ...(id === undefined ? {} : { id: id.slice(0, longestName) }) };
  const actor = by.slice(0, longestName);
  await parts.records.appendAudit(
    auditOf(parts, run, { actor, event: 'refused', outcome: `${what}: ${text}`, detail }),
  );
  return { ok: false, code, text };
}

/** A store that refuses is an answer too. */
export async function answered(
  parts: Parts,
  what: string,
  work: () => Promise<ControlAnswer>,
): Promise<ControlAnswer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RecordsRefused)) throw error;
    const text = `${what} is not possible now: ${textOf(parts, error)}; collecting goes on`;
    parts.input.log.error('remediation refused', { what, error: text });
    return { ok: false, code: 'unavailable', text };
  }
}
