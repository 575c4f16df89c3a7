import { z } from 'zod';
import {
  type Breach,
  boundSides,
  breachHolders,
  type ForecastReport,
  objectiveStates,
  unknownReasons,
} from '../core/judgement.ts';
import { objectiveIds, severities } from '../core/objective.ts';
import type { Scorecard, ScoredObjective } from './scorecard.ts';

/** Reads what a daemon answered; keys that this version does not know are ignored. Undefined when it is no scorecard. */
export function parseScorecard(text: string): Scorecard | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    // No JSON: whoever asked says what came instead.
    return undefined;
  }
  return scorecardSchema().safeParse(data).data;
}

/** Left out where it is not known. */
function maybe<T>(schema: z.ZodType<T>) {
  return schema.optional().transform((value) => value);
}

const subjectKey = () => ({ target: z.string(), objective: z.enum(objectiveIds), subject: z.string() });

function scorecardSchema(): z.ZodType<Scorecard> {
  const number = z.number();
  return z.object({
    at: number,
    agent: z.enum(['running', 'stopped']),
    asOf: maybe(number),
    objectives: z.array(lineSchema()),
    summary: z.object({
      objectives: number,
      targets: number,
      breached: number,
      pages: number,
      unknown: number,
      blind: number,
      met: number,
      overdrawn: number,
      leastBudget: maybe(number),
    }),
  });
}

function lineSchema(): z.ZodType<ScoredObjective> {
  const number = z.number();
  return z.object({
    ...subjectKey(),
    engine: z.string(),
    state: z.enum(objectiveStates),
    reason: maybe(z.enum(unknownReasons)),
    detail: z.string(),
    value: maybe(number),
    basis: maybe(number),
    bound: z.object({ min: number.exactOptional(), max: number.exactOptional() }),
    since: number,
    at: number,
    pendingMs: maybe(number),
    breach: maybe(breachSchema()),
    blind: z.boolean(),
    budget: z.object({
      allowed: number,
      remaining: maybe(number),
      burnRates: z.record(z.string(), number.optional()),
    }),
    forecast: maybe(forecastSchema()),
    unit: z.enum(['seconds', 'bytes', 'ratio', 'timestamp', 'usd', 'none']),
    next: maybe(z.object({ hint: z.string(), command: z.string() })),
  });
}

function breachSchema(): z.ZodType<Breach> {
  const number = z.number();
  return z.object({
    ...subjectKey(),
    fingerprint: z.string(),
    engine: z.string(),
    severity: z.enum(severities),
    since: number,
    openedAt: number,
    side: maybe(z.enum(boundSides)),
    bound: maybe(number),
    value: maybe(number),
    worst: maybe(number),
    holders: z.array(z.enum(breachHolders)),
    closedAt: maybe(number),
    durationMs: maybe(number),
    closeReason: maybe(z.enum(['recovered', 'gone', 'dropped', 'resolved'])),
  });
}

function forecastSchema(): z.ZodType<ForecastReport> {
  const number = z.number();
  return z.object({
    lower: number,
    upper: number,
    for: number,
    fullAt: maybe(number),
    fullAtEarliest: maybe(number),
  });
}
