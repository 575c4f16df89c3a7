import { z } from 'zod';
import type { ConfigFields } from '../../core/config-fields.ts';
import { parseDurationMs, parseSizeBytes } from '../../core/duration.ts';
import { type ObjectiveDefinition, objectives, severities } from '../../core/objective.ts';
import type { ObjectiveOverride, ObjectiveOverrides } from '../../core/objective-in-force.ts';
import { durationText, sizeText } from '../fields.ts';

type Side = 'min' | 'max';

/** Overrides by objective id; each bound is read in the objective's own unit. */
export function objectivesField(fields: ConfigFields): z.ZodType<ObjectiveOverrides> {
  const shape = Object.fromEntries(
    Object.entries(objectives).map(([id, definition]) => [
      id,
      overrideField(fields, id, definition).optional(),
    ]),
  );
  return z.strictObject(shape).transform((values): ObjectiveOverrides => values);
}

function overrideField(
  fields: ConfigFields,
  id: string,
  definition: ObjectiveDefinition,
): z.ZodType<ObjectiveOverride> {
  const { windowMs } = definition;
  const shape = {
    enabled: z.boolean().optional().describe('false: this objective does not apply here.'),
    ...Object.fromEntries(sidesOf(definition).map((side) => [side, boundField(definition).optional()])),
    for: fields
      .duration({ minMs: 0 })
      .optional()
      .describe('How long the bound must be violated before a breach opens.'),
    severity: z.enum(severities).optional(),
    ...(windowMs === undefined ? {} : { window: fields.duration({ minMs: 1_000 }).optional() }),
    ...(definition.minimumBasis === undefined ? {} : { minimumSamples: z.int().min(1).optional() }),
    budget: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe('Share of 30 days that may be spent in breach; above 0, at most 1.'),
    ...(id === 'storage_bytes_forecast' ? storageFields(fields) : {}),
  };
  return z
    .strictObject(shape)
    .describe(definition.summary)
    .transform((raw, context) => {
      // The shape depends on the objective, so its keys are read by name.
      const override = overrideOf(raw);
      const { min, max } = override;
      if (min !== undefined && max !== undefined && min > max)
        context.addIssue({ code: 'custom', message: `min (${min}) is above max (${max})` });
      return override;
    });
}

function storageFields(fields: ConfigFields) {
  return {
    by: z.iso.date().optional().describe('Day for which max is projected; in 90 days unless set.'),
    capacity: fields
      .size({ minBytes: 1 })
      .optional()
      .describe('Space that all databases of the target have together; when it will be full is forecast.'),
  };
}

/** Number in the configuration -> number in the override. */
const numbers = [
  ['min', 'min'],
  ['max', 'max'],
  ['for', 'forMs'],
  ['window', 'windowMs'],
  ['minimumSamples', 'minimumBasis'],
  ['budget', 'budget'],
  ['capacity', 'capacityBytes'],
] as const;

type NumberName = (typeof numbers)[number][1];

function overrideOf(raw: Readonly<Record<string, unknown>>): ObjectiveOverride {
  const override: { -readonly [K in NumberName]?: number } = {};
  for (const [key, name] of numbers) {
    const value = raw[key];
    if (typeof value === 'number') override[name] = value;
  }
  const { enabled, by } = raw;
  const severity = severities.find((known) => known === raw['severity']);
  return {
    ...override,
    ...(typeof enabled === 'boolean' ? { enabled } : {}),
    ...(severity === undefined ? {} : { severity }),
    ...(typeof by === 'string' ? { by } : {}),
  };
}

/** An objective is bounded on the sides on which its default is; one without default has an upper bound. */
function sidesOf({ bound }: ObjectiveDefinition): readonly Side[] {
  const sides = (['min', 'max'] as const).filter((side) => bound[side] !== undefined);
  return sides.length === 0 ? ['max'] : sides;
}

const boundParsers = {
  seconds: {
    written: durationText,
    help: 'must be a duration, such as 500ms or 2m',
    parse: (text: string) => {
      const durationMs = parseDurationMs(text);
      return durationMs === undefined ? undefined : durationMs / 1_000;
    },
  },
  bytes: { written: sizeText, help: 'must be a size, such as 500GiB', parse: parseSizeBytes },
} as const;

function boundField({ unit }: ObjectiveDefinition): z.ZodType<number> {
  if (unit === 'ratio') return z.number().min(0).max(1).describe('Ratio from 0 to 1.');
  if (unit !== 'seconds' && unit !== 'bytes') return z.number().min(0);
  const { written, help, parse } = boundParsers[unit];
  return z.union([written(help), z.literal(0)], { error: help }).transform((value, context) => {
    const bound = value === 0 ? 0 : parse(value);
    if (bound !== undefined) return bound;
    context.addIssue({ code: 'custom', message: help });
    return z.NEVER;
  });
}
