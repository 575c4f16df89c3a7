import { z } from 'zod';
import type { Breach, ObjectiveEvent } from '../core/judgement.ts';
import { boundSides, breachHolders, objectiveStates, unknownReasons } from '../core/judgement.ts';
import { objectiveIds, severities } from '../core/objective.ts';
import { StoreError } from './store-error.ts';

/** JSON has no `undefined`; a field that has no value is written as null. */
function optional<T>(schema: z.ZodType<T>) {
  return schema.nullable().transform((value) => value ?? undefined);
}

const number = optional(z.number());

const breachSchema = z.object({
  target: z.string(),
  objective: z.enum(objectiveIds),
  subject: z.string(),
  fingerprint: z.string(),
  engine: z.string(),
  severity: z.enum(severities),
  since: z.number(),
  openedAt: z.number(),
  side: optional(z.enum(boundSides)),
  bound: number,
  value: number,
  worst: number,
  holders: z.array(z.enum(breachHolders)),
  closedAt: number,
  durationMs: number,
  closeReason: optional(z.enum(['recovered', 'gone', 'dropped', 'resolved'])),
});

const eventSchema = z.object({
  target: z.string(),
  objective: z.enum(objectiveIds),
  subject: z.string(),
  kind: z.enum(['state', 'opened', 'raised', 'held', 'closed', 'blind', 'seeing', 'alert']),
  at: z.number(),
  engine: z.string(),
  state: z.enum(objectiveStates),
  reason: optional(z.enum(unknownReasons)),
  value: number,
  breach: optional(breachSchema),
  text: z.string(),
});

export function toJson(body: Breach | ObjectiveEvent): string {
  return JSON.stringify(body, (_key, value: unknown) => value ?? null);
}

/** @throws {StoreError} `damaged` when the text is not what `toJson` made of a breach. */
export function breachFromJson(text: string): Breach {
  return parse(breachSchema, 'breach', text);
}

/** @throws {StoreError} `damaged` when the text is not what `toJson` made of an event. */
export function eventFromJson(text: string): ObjectiveEvent {
  return parse(eventSchema, 'objective_event', text);
}

function parse<T>(schema: z.ZodType<T>, table: string, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (thrown) {
    throw new StoreError('damaged', `the store holds something else than it wrote in table ${table}`, {
      cause: thrown,
    });
  }
}
