import { z } from 'zod';
import type { Unit } from '../../src/core/metric.ts';
import { formatQuantity } from '../../src/core/quantity.ts';

/** What a panel's field configuration says about showing a value. */

const ValueMap = z.looseObject({
  type: z.literal('value'),
  options: z.record(z.string(), z.looseObject({ text: z.string(), color: z.string() })),
});

const Defaults = z.looseObject({
  unit: z.string().default('short'),
  mappings: z.array(ValueMap).default([]),
  thresholds: z
    .looseObject({ steps: z.array(z.object({ value: z.number().nullable(), color: z.string() })) })
    .optional(),
});

export interface Shown {
  readonly text: string;
  /** Grafana's name of the colour; undefined where nothing colours it. */
  readonly colour: string | undefined;
}

export interface Field {
  readonly unit: string;
  readonly mappings: readonly z.infer<typeof ValueMap>[];
  readonly steps: readonly { readonly value: number | null; readonly color: string }[];
}

export function readField(defaults: unknown, properties: readonly Property[] = []): Field {
  const { unit, mappings, thresholds } = Defaults.parse(defaults ?? {});
  const own = (id: string): unknown => properties.find((property) => property.id === id)?.value;
  return {
    unit: z.string().catch(unit).parse(own('unit')),
    mappings: z.array(ValueMap).catch(mappings).parse(own('mappings')),
    steps: thresholds?.steps ?? [],
  };
}

export interface Property {
  readonly id: string;
  readonly value?: unknown;
}

const units: Readonly<Record<string, Unit>> = {
  s: 'seconds',
  bytes: 'bytes',
  percentunit: 'ratio',
  currencyUSD: 'usd',
  short: 'none',
};

/** Words and colour of a value, as Grafana chooses them: a mapping first, then the threshold that it has reached. */
export function show(value: number, field: Field, nowMs: number): Shown {
  const mapped = field.mappings.flatMap(({ options }) => options[String(value)] ?? []).at(0);
  if (mapped !== undefined) return { text: mapped.text, colour: mapped.color };
  const step = field.steps.findLast((one) => one.value === null || value >= one.value);
  const colour = field.steps.length > 1 ? step?.color : undefined;
  if (field.unit === 'dateTimeFromNow') {
    const seconds = Math.max(0, Math.round((nowMs - value) / 1_000));
    return { text: `${formatQuantity(seconds, 'seconds')} ago`, colour };
  }
  return { text: formatQuantity(value, units[field.unit] ?? 'none'), colour };
}
