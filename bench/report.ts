import { z } from 'zod';
import { machineSchema } from './machine.ts';
import type { Summary } from './statistics.ts';

const tableSchema = z.object({
  title: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.array(z.string())),
  /** What a reader needs to read the table rightly. */
  notes: z.array(z.string()).default([]),
});

const aimSchema = z.object({
  what: z.string(),
  aim: z.string(),
  measured: z.string(),
  isMet: z.boolean(),
});

export const reportSchema = z.object({
  title: z.string(),
  method: z.array(z.string()),
  aims: z.array(aimSchema),
  tables: z.array(tableSchema),
  /** Everything measured, for machines. */
  raw: z.record(z.string(), z.unknown()),
});

/** What a benchmark hands back. */
export type Report = z.infer<typeof reportSchema>;
export type Table = z.infer<typeof tableSchema>;
export type Aim = z.infer<typeof aimSchema>;

export const sectionSchema = z.object({
  /** ISO date and time at which it began. */
  date: z.string(),
  durationSeconds: z.number(),
  /** Short phases: good for trying a benchmark out, not for quoting. */
  isQuick: z.boolean(),
  machine: machineSchema,
  report: reportSchema,
});

/** One benchmark's report with when and where it ran. */
export type Section = z.infer<typeof sectionSchema>;

/** At most three significant digits below 100, whole above; units are the column's. */
export function round(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** `median (min – max)`. */
export function spread({ median, min, max }: Summary): string {
  return `${round(median)} (${round(min)} – ${round(max)})`;
}

export function ratio(value: number): string {
  return `${round(value)}×`;
}

/** An aim of the form "less than". */
export function aimBelow(what: string, measured: number, bound: number, unit: string): Aim {
  return {
    what,
    aim: `< ${round(bound)}${unit}`,
    measured: `${round(measured)}${unit}`,
    isMet: measured < bound,
  };
}

/** An aim of the form "at most". */
export function aimAtMost(what: string, measured: number, bound: number, unit: string): Aim {
  return {
    what,
    aim: `≤ ${round(bound)}${unit}`,
    measured: `${round(measured)}${unit}`,
    isMet: measured <= bound,
  };
}

/** An aim of the form "at least". */
export function aimAtLeast(what: string, measured: number, bound: number, unit: string): Aim {
  return {
    what,
    aim: `≥ ${round(bound)}${unit}`,
    measured: `${round(measured)}${unit}`,
    isMet: measured >= bound,
  };
}
